import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createClient } from '@muster/client/client';
import { realClock } from '@muster/client/clock';
import { socketIoTransport } from '@muster/client/socket-io';
import { traceTransport } from '@muster/client/traced-transport';
import type { MusterClient } from '@muster/client/types';
import { startGateways, type TestGateways } from '@muster/gateway/test/start-gateways';
import { scopeOf } from '@muster/protocol/id';
import { PAGE_SPANS_PATH } from '@muster/protocol/page-spans';
import { silentLogger } from '@muster/runtime/logger';
import { createTracing, type Tracing } from '@muster/runtime/tracing';
import { v7 } from 'uuid';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startCollector, type TakenSpan } from './product/collector.ts';

/** One trace from a click, through every process, to the paint: by what a collector is told. */
const PATIENCE = { timeout: 20_000, interval: 50 };

let collector: Awaited<ReturnType<typeof startCollector>>;
let product: TestGateways;
let worker: ChildProcess;
const tracings: Tracing[] = [];
const clients: MusterClient[] = [];

beforeAll(async () => {
  collector = await startCollector();
  product = await startGateways(0);
  for (const name of ['gateway-a', 'gateway-b']) {
    const config = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_TRACES_SAMPLER: 'parentbased_always_on',
    } as const;
    const tracing = await createTracing(config, { name, logger: silentLogger() });
    tracings.push(tracing);
    await product.start({ tracing });
  }
  worker = fork(new URL('../worker/src/main.ts', import.meta.url), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: {
      ...{ PATH: process.env['PATH'], LOG_LEVEL: 'error', ASSISTANT_WORDS_PER_SECOND: '40' },
      ...{ DATABASE_URL: product.databaseUrl, REDIS_URL: product.redisUrl, REDIS_PREFIX: product.prefix },
      ...{ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: 'worker' },
    },
  });
  await once(worker, 'message');
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.stop()));
  if (worker?.exitCode === null) {
    worker.kill('SIGTERM');
    await once(worker, 'exit');
  }
  await product.close();
  await Promise.all(tracings.map((tracing) => tracing.close()));
  collector.close();
});

type Person = Awaited<ReturnType<TestGateways['person']>>;

/** A client that traces as the page does. */
async function enter(who: Person, at: number, share: number): Promise<MusterClient> {
  const { url } = product.gateways[at]!;
  const transport = traceTransport(socketIoTransport, {
    ...{ share, clock: realClock, painted: (then) => void setTimeout(then, 5) },
    report: (spans) =>
      void fetch(url + PAGE_SPANS_PATH, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${who.token}` },
        body: JSON.stringify({ spans }),
      }),
  });
  const client = createClient({ url, token: who.token, transport });
  clients.push(client);
  await client.start();
  return client;
}

/** `a > b > c` of each span, from its root on; throws where a parent is missing. */
function paths(spans: TakenSpan[]): string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const pathOf = (span: TakenSpan): string => {
    const own = `${span.service} ${span.name}`;
    if (span.parentSpanId === undefined) return own;
    const parent = byId.get(span.parentSpanId);
    return parent ? `${pathOf(parent)} > ${own}` : `? > ${own}`;
  };
  return spans.map(pathOf);
}

test('a question is one tree, from its click to the first words of its answer, and holds no words', async () => {
  const [ada, ben] = await Promise.all([product.person('Adaquince'), product.person('Benquince')]);
  const [asker, viewer] = [await enter(ada, 0, 1), await enter(ben, 1, 0)];
  const [listId, threadId, id] = [v7(), v7(), v7()];
  const thread = scopeOf('thread', threadId);
  await asker.mutate('list.create', { id: listId, title: 'Quince list' }).outcome;
  await asker.mutate('member.invite', { listId, email: ben.email, role: 'editor' }).outcome;
  await asker.mutate('thread.create', { id: threadId, listId, title: 'Quince talk' }).outcome;
  await vi.waitFor(() => expect(viewer.scopeState(scopeOf('list', listId)).state).toBe('open'), PATIENCE);
  for (const client of [asker, viewer]) await client.open(thread).ready;
  asker.mutate('message.send', { id, threadId, text: 'add quince jelly, and tell me what is open' });
  await vi.waitFor(() => expect(asker.all(thread, 'run')).toHaveLength(1), PATIENCE);
  for (const client of [asker, viewer]) await client.watchRun(asker.all(thread, 'run')[0]!.id).ready;
  await vi.waitFor(() => expect(asker.all(thread, 'run')[0]!.value.status).toBe('completed'), {
    ...PATIENCE,
    timeout: 40_000,
  });

  const click = (): TakenSpan | undefined =>
    collector.spans.find(
      ({ name, attributes }) => name === 'click' && attributes['muster.commands'] === 'message.send',
    );
  await vi.waitFor(() => expect(click()).toBeDefined(), PATIENCE);
  const mine = () => collector.spans.filter(({ traceId }) => traceId === click()!.traceId);
  const at = 'gateway-a click > gateway-a mutate';
  const run = `${at} > gateway-a enqueue > worker agent-run`;
  await vi.waitFor(() => {
    const found = paths(mine());
    expect(found).toEqual(
      expect.arrayContaining([
        ...['gateway-a click', 'gateway-a click > gateway-a paint', 'gateway-a click > gateway-a first words', at],
        ...['gateway-a', 'gateway-b'].flatMap((receiver) => [
          `${at} > gateway-a commit > gateway-a publish > ${receiver} receive`,
          `${run} > worker commit > worker publish > ${receiver} receive`,
        ]),
        `${run} > worker model`,
      ]),
    );
    expect(found.filter((path) => path.startsWith('?'))).toEqual([]);
  }, PATIENCE);
  expect(mine().filter(({ parentSpanId }) => parentSpanId === undefined)).toHaveLength(1);
  expect(mine().find(({ name, events }) => name === 'model' && events.includes('first word'))).toBeDefined();
  expect(collector.bodies.join('\n')).not.toMatch(/quince|jelly/iu);
  expect(collector.bodies.join('\n')).not.toContain('@example');
}, 90_000);

test('a small change is a tree too; one that was not sampled leaves nothing', async () => {
  const ada = await product.person('Ada');
  const client = await enter(ada, 1, 1);
  const before = collector.spans.length;
  await client.mutate('list.create', { id: v7(), title: 'One' }).outcome;
  const click = () => collector.spans.slice(before).find(({ name }) => name === 'click');
  await vi.waitFor(() => expect(click()).toBeDefined(), PATIENCE);
  const { traceId } = click()!;
  await vi.waitFor(
    () =>
      expect(paths(collector.spans.filter((span) => span.traceId === traceId))).toEqual(
        expect.arrayContaining([
          'gateway-b click > gateway-b mutate > gateway-b commit',
          'gateway-b click > gateway-b paint',
        ]),
      ),
    PATIENCE,
  );
  const flag = '00';
  const socket = await product.client(ada, product.gateways[1]!);
  await socket.get('mutate', {
    ...{ mid: 1, nonce: 'n'.repeat(16), name: 'list.create', args: { id: v7(), title: 'Two' } },
    trace: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-${flag}`,
  });
  await Promise.all(tracings.splice(0).map((tracing) => tracing.close()));
  expect(collector.spans.filter((span) => span.traceId === 'ab'.repeat(16))).toEqual([]);
}, 60_000);

test('spans of pages are taken from those who are signed in, and only as they should be', async () => {
  const { url } = product.gateways[0]!;
  const ada = await product.person('Ada');
  const post = (body: unknown, token?: string) =>
    fetch(url + PAGE_SPANS_PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify(body),
    });
  const span = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), name: 'click', startAt: 1, endAt: 2 };
  expect((await post({ spans: [span] })).status).toBe(401);
  expect((await post({ spans: [span] }, ada.token)).status).toBe(204);
  for (const wrong of [
    { ...span, name: 'what I wrote' },
    { ...span, note: 'x' },
    { ...span, traceId: 'x' },
  ])
    expect((await post({ spans: [wrong] }, ada.token)).status).toBe(400);
});

test('without a collector there is no address for spans, and the page is told of none', async () => {
  const quiet = await product.start();
  expect(await (await fetch(`${quiet.url}/config.json`)).json()).toEqual({ api: '' });
  expect(await (await fetch(`${product.gateways[0]!.url}/config.json`)).json()).toEqual({ api: '', traces: 1 });
  expect((await fetch(quiet.url + PAGE_SPANS_PATH, { method: 'POST' })).status).toBe(404);
});
