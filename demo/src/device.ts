/** A device's name, held by this window for as long as it lives. */
export interface Device {
  readonly name: string;
  /** Settles when the name is this window's own. */
  readonly claimed: Promise<void>;
}

const REMEMBERED = 'fieldnotes-device';

/** How long a reloaded window waits for the name that its former self is just giving back, in milliseconds. */
const RELOAD_PATIENCE_MS = 1000;

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/**
 * Each window is a device of its own: the one asked for by `?device=`, else the one this window was before it was
 * reloaded, else the first letter that no other window holds.
 */
export async function chooseDevice(wanted: string | null): Promise<Device> {
  if (wanted) return { name: wanted, claimed: claim(wanted, {}).then(() => undefined) };
  const name = (await claimRemembered()) ?? (await claimFirstFree());
  sessionStorage.setItem(REMEMBERED, name);
  return { name, claimed: Promise.resolve() };
}

async function claimRemembered(): Promise<string | undefined> {
  const name = sessionStorage.getItem(REMEMBERED);
  if (name === null) return undefined;
  const isOurs = await claim(name, { signal: AbortSignal.timeout(RELOAD_PATIENCE_MS) }).catch(() => false);
  return isOurs ? name : undefined;
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
