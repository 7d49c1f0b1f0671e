import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';

/** Runs npm, the one that runs this script if one does. Resolves to its output, rejects with it if it fails. */
export async function runNpm(args: readonly string[], cwd: string): Promise<string> {
  const own = process.env.npm_execpath;
  const [command, ...before] = own === undefined ? ['npm'] : [process.execPath, own];
  const child = spawn(command ?? 'npm', [...before, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const [code] = await once(child, 'close');
  if (code === 0) return output;
  throw new Error(`npm ${args[0]} ended with code ${code}.\n${output}`.trim());
}
