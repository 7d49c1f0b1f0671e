import { play } from './src/simulator/index.ts';
(globalThis as any).__l = (...a: unknown[]) => console.log(...a);
const r = await play({ seed: Number(process.argv[2]), setBacks: false });
console.log(r.verdict.map((v) => v.slice(0, 1800)));
