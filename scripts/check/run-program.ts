import { spawn } from 'node:child_process';

/** Runs a Node program to its end, its words kept. */
export async function runProgram(args: readonly string[], cwd: string): Promise<{ isGood: boolean; output: string }> {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += String(bytes)));
  const code = await new Promise<number | null>((done, fail) => {
    child.once('error', fail);
    child.once('close', done);
  });
  return { isGood: code === 0, output: output.trim() };
}
