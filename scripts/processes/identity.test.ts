import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { endProcess } from './end-process.ts';
import { findCommandLine, findProcessIdentity, isAlive } from './identity.ts';

async function spawnIdle(code = 'setInterval(() => 0, 1e6); console.log("up")') {
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  return { child, pid: child.pid as number };
}

test('a living process is known by its number and start, a dead one by nothing', async () => {
  const { child, pid } = await spawnIdle();
  const identity = findProcessIdentity(pid);
  if (identity === undefined) throw new Error('it should live');
  expect(isAlive(identity)).toBe(true);
  expect(isAlive({ ...identity, token: 'another start' })).toBe(false);
  expect(findCommandLine(pid)).toContain('setInterval');
  const gone = once(child, 'exit');
  await expect(endProcess(identity)).resolves.toBe(true);
  await gone;
  expect(isAlive(identity)).toBe(false);
  expect(findProcessIdentity(pid)).toBeUndefined();
});

test('one that ignores SIGTERM is killed after its time', async () => {
  const { pid } = await spawnIdle('process.on("SIGTERM", () => 0); setInterval(() => 0, 1e6); console.log("up")');
  await expect(endProcess(pid, { graceMs: 100 })).resolves.toBe(true);
  expect(findProcessIdentity(pid)).toBeUndefined();
});

test('one that is frozen is ended too', async () => {
  const { pid } = await spawnIdle();
  process.kill(pid, 'SIGSTOP');
  await expect(endProcess(pid, { graceMs: 2_000 })).resolves.toBe(true);
});
