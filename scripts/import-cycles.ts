type Targets = ReadonlyMap<string, readonly string[]>;

/**
 * The shortest cycle through each file that is in one, a cycle named once.
 * Each starts at its alphabetically first file, so that two runs print the same.
 */
export function findCycles(targetsByPath: Targets): string[][] {
  const seen = new Set<string>();
  return [...targetsByPath.keys()].sort().flatMap((start) => {
    if (seen.has(start)) return [];
    const cycle = shortestWayBack(start, targetsByPath);
    for (const path of cycle) seen.add(path);
    return cycle.length === 0 ? [] : [cycle];
  });
}

function shortestWayBack(start: string, targetsByPath: Targets): string[] {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const path of queue) {
    for (const target of targetsByPath.get(path) ?? []) {
      if (target === start) return trace(path, cameFrom);
      if (!targetsByPath.has(target) || cameFrom.has(target)) continue;
      cameFrom.set(target, path);
      queue.push(target);
    }
  }
  return [];
}

function trace(end: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const before = cameFrom.get(end);
  return before === undefined ? [end] : [...trace(before, cameFrom), end];
}
