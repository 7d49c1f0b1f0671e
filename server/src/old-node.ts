/** The first that has SQLite without being asked for it, as `engines` in package.json says. */
const OLDEST = [22, 16] as const;

/** What is wrong with a version of Node such as `20.19.1`, and what to do about it. Undefined: nothing. */
export function faultOfNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return undefined;
  return `Breakwater's server needs Node ${OLDEST.join('.')} or newer; this is ${version}. Install a newer one, for example from https://nodejs.org.`;
}
