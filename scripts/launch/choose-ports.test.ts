import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { findAnyPort } from '../services/ports.ts';
import { choosePorts } from './choose-ports.ts';

const servers: Server[] = [];
const listen = (port: number, host: string) =>
  new Promise<void>((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, host, () => resolve());
    servers.push(server);
  });

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done))));
});

test.each(['127.0.0.1', '0.0.0.0', '::'])('a port taken on %s is stepped over and said', async (host) => {
  const port = await findAnyPort();
  await listen(port, host);
  const said: string[] = [];
  const chosen = await choosePorts({ port, gateways: 1 }, (line) => said.push(line));
  expect(chosen.front).toBeGreaterThan(port);
  expect(said[0]).toBe(`Port ${port} is taken.`);
  expect(said.at(-1)).toBe(`Taking port ${chosen.front}.`);
});

test('each gateway has its own, none the same', async () => {
  for (const port of [0, await findAnyPort()]) {
    const chosen = await choosePorts({ port, gateways: 3 }, () => undefined);
    expect(new Set([chosen.front, ...chosen.gateways]).size).toBe(4);
  }
});
