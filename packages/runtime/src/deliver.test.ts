import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDelivery, type Delivery, type DeliveryOptions } from './deliver.ts';

let server: Server;
let got: string[][];
let answers: { status: number; retryAfter?: string }[];
let url: string;
const warnings: Record<string, unknown>[] = [];
const deliveries: Delivery<string>[] = [];

beforeEach(async () => {
  [got, answers] = [[], []];
  warnings.length = 0;
  server = createServer(async (request, response) => {
    let body = '';
    for await (const bytes of request) body += String(bytes);
    const { status, retryAfter } = answers.shift() ?? { status: 200 };
    if (status === 200) got.push(JSON.parse(body) as string[]);
    response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await Promise.all(deliveries.splice(0).map((delivery) => delivery.close()));
  server.closeAllConnections();
  server.close();
});

function deliver(options: Partial<DeliveryOptions<string>> = {}): Delivery<string> {
  const delivery = createDelivery<string>({
    name: 'things',
    logger: { warn: (fields) => void warnings.push(fields) },
    pack: (items) => ({ url, body: JSON.stringify(items), headers: { 'content-type': 'application/json' } }),
    ...{ batch: 3, mostWaiting: 10, everyMs: 20, ...options },
  });
  deliveries.push(delivery);
  return delivery;
}

test('what comes together goes together, a full batch at once', async () => {
  const delivery = deliver();
  for (const item of ['a', 'b', 'c', 'd']) delivery.add(item);
  await vi.waitFor(() => expect(got).toEqual([['a', 'b', 'c'], ['d']]));
});

test('told to come back later it does, with everything and in order', async () => {
  answers = [{ status: 429, retryAfter: '0.3' }, { status: 503 }];
  const delivery = deliver();
  const startedAt = performance.now();
  delivery.add('a');
  delivery.add('b');
  await vi.waitFor(() => expect(got).toEqual([['a', 'b']]), 5_000);
  expect(performance.now() - startedAt).toBeGreaterThan(300);
  expect(warnings).toEqual([{ to: 'things', why: 'status 429', dropped: 0 }]);
  expect(delivery.dropped).toBe(0);
});

test('what is refused for good is dropped, and what follows goes on', async () => {
  answers = [{ status: 400 }];
  const delivery = deliver({ batch: 1 });
  delivery.add('bad');
  delivery.add('good');
  await vi.waitFor(() => expect(got).toEqual([['good']]));
  expect(delivery.dropped).toBe(1);
});

test('a server that limits gets nothing of what comes meanwhile, where that is the rule', async () => {
  answers = [{ status: 429, retryAfter: '0.4' }];
  const delivery = deliver({ dropsWhenLimited: true });
  delivery.add('limited');
  await vi.waitFor(() => expect(delivery.dropped).toBe(1));
  delivery.add('meanwhile');
  expect(delivery.dropped).toBe(2);
  await new Promise((resolve) => setTimeout(resolve, 450));
  delivery.add('after');
  await vi.waitFor(() => expect(got).toEqual([['after']]));
});

test('a server that is away: so much is kept, told once, and the end does not wait for it', async () => {
  const delivery = deliver({
    lastMs: 200,
    pack: (items) => ({ url: 'http://127.0.0.1:9', body: items.join(), headers: {} }),
  });
  for (let n = 0; n < 50; n += 1) delivery.add(String(n));
  await vi.waitFor(() => expect(warnings).toEqual([expect.objectContaining({ to: 'things' })]));
  expect(delivery.dropped).toBeGreaterThanOrEqual(37);
  const startedAt = performance.now();
  await delivery.close();
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  delivery.add('too late');
});

test('the end sends what still waits', async () => {
  const delivery = deliver({ everyMs: 60_000 });
  delivery.add('last');
  await delivery.close();
  expect(got).toEqual([['last']]);
});
