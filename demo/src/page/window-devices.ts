const REMEMBERED = 'fieldnotes-devices';

/** How long a reloaded window waits for a name that its former self is just giving back, in milliseconds. */
const RELOAD_PATIENCE_MS = 1000;

/** Devices that stand side by side in a window. */
const PER_WINDOW = 2;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/**
 * The names of this window's devices, each held by this window for as long as it lives: the one asked for by `?device=`,
 * else those that this window had before it was reloaded, else the first two letters that no other window holds.
 */
export async function claimDevices(wanted: string | null): Promise<readonly string[]> {
  if (wanted !== null) {
    await claim(wanted, {});
    return [wanted];
  }
  const names: string[] = [];
  for (const name of rememberedNames()) if (await claimAgain(name)) names.push(name);
  while (names.length < PER_WINDOW) names.push(await claimFirstFree());
  sessionStorage.setItem(REMEMBERED, names.join(' '));
  return names;
}

/** `a` → `Device A`. */
export function labelOf(name: string): string {
  return `Device ${name.toUpperCase()}`;
}

function rememberedNames(): readonly string[] {
  return (sessionStorage.getItem(REMEMBERED) ?? '').split(' ').filter(Boolean).slice(0, PER_WINDOW);
}

function claimAgain(name: string): Promise<boolean> {
  return claim(name, { signal: AbortSignal.timeout(RELOAD_PATIENCE_MS) }).catch(() => false);
}

async function claimFirstFree(): Promise<string> {
  for (let n = 0; ; n++) {
    const name = nthName(n);
    if (await claim(name, { ifAvailable: true })) return name;
  }
}

/** a … z, a2 … z2, a3 … */
function nthName(n: number): string {
  const round = Math.floor(n / LETTERS.length);
  return `${LETTERS[n % LETTERS.length]}${round === 0 ? '' : round + 1}`;
}

/** Answers whether the name is ours, and keeps it until the window closes. */
function claim(name: string, options: LockOptions): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const held = navigator.locks.request(`fieldnotes-device-${name}`, options, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : new Promise<never>(() => {});
    });
    held.catch(reject);
  });
}
