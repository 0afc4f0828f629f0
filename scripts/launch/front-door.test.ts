import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openFrontDoor, type FrontDoor } from './front-door.ts';

const children: ChildProcess[] = [];
let door: FrontDoor | undefined;

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await door?.close();
});

async function startGateway(): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'fixtures', 'gateway.ts'), {
    env: { ...process.env, PORT: '0', HOST: '127.0.0.1' },
  });
  children.push(child);
  await once(child, 'message');
  return child;
}

const open = async (gateways: readonly ChildProcess[]) => {
  door = await openFrontDoor({ port: 0, hosts: ['127.0.0.1'], gateways: () => gateways });
  return `http://127.0.0.1:${door.port}/`;
};

async function askWho(url: string): Promise<number | undefined> {
  const response = await fetch(url, { headers: { connection: 'close' } });
  return ((await response.json()) as { pid: number }).pid;
}

test('gateways take turns', async () => {
  const gateways = [await startGateway(), await startGateway()];
  const url = await open(gateways);
  const seen: (number | undefined)[] = [];
  for (let n = 0; n < 4; n += 1) seen.push(await askWho(url));
  expect(seen).toEqual([gateways[0]?.pid, gateways[1]?.pid, gateways[0]?.pid, gateways[1]?.pid]);
});

test('who was on the way to a gateway that dies is served by another one', { timeout: 20_000 }, async () => {
  const dying = await startGateway();
  const well = await startGateway();
  const url = await open([dying, well]);
  // Frozen, it takes nothing: half of these wait in its channel.
  process.kill(dying.pid as number, 'SIGSTOP');
  const asked = Array.from({ length: 12 }, () => askWho(url));
  await new Promise((resolve) => setTimeout(resolve, 300));
  dying.kill('SIGKILL');
  expect(new Set(await Promise.all(asked))).toEqual(new Set([well.pid]));
});

test('while there is no gateway, newcomers wait for one', async () => {
  const gateways: ChildProcess[] = [];
  const url = await open(gateways);
  const asked = askWho(url);
  gateways.push(await startGateway());
  expect(await asked).toBe(gateways[0]?.pid);
});
