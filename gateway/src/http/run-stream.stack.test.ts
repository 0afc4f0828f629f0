import { messageIdOf, runIdOf } from '@muster/domain/run-ids';
import { redisNames } from '@muster/protocol/internal/channels';
import { RUN_STREAM_FIELD, type RunStreamEntry } from '@muster/protocol/internal/run-stream';
import { AGENT_ID } from '@muster/protocol/principal';
import { Redis } from 'ioredis';
import { v7 } from 'uuid';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Gateway } from '../app.ts';
import { startGateways, type TestGateways } from '../test/start-gateways.ts';
import type { Visitor } from './test/start-http.ts';

let product: TestGateways;
let redis: Redis;
let ada: Visitor;
beforeAll(async () => {
  product = await startGateways(2);
  redis = new Redis(product.redisUrl);
  ada = await product.person('Ada');
});
afterAll(async () => {
  redis.disconnect();
  await product.close();
});

interface Event {
  event: string;
  id: string | undefined;
  data: { text?: string; offset?: number; status?: string; item?: { state: string } };
}

/** Posts a message and reads the run that answers, as a script would: whole lines, events between blank ones. */
async function ask(at: Gateway, who: Visitor, threadId: string, body: object, headers: Record<string, string> = {}) {
  const abort = new AbortController();
  const response = await fetch(`${at.url}/api/v1/threads/${threadId}/messages`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${who.token}`,
      'content-type': 'application/json',
      accept: 'text/event-stream',
      ...headers,
    },
    body: JSON.stringify(body),
    signal: abort.signal,
  });
  const events: Event[] = [];
  const comments: string[] = [];
  const over = (async () => {
    let rest = '';
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
      rest += part;
      for (let at = rest.indexOf('\n\n'); at >= 0; at = rest.indexOf('\n\n')) {
        const lines = rest.slice(0, at).split('\n');
        rest = rest.slice(at + 2);
        const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
        if (lines[0]?.startsWith(':')) comments.push(lines[0]);
        else events.push({ event: field('event') ?? '', id: field('id'), data: JSON.parse(field('data') ?? '') });
      }
    }
  })();
  return {
    response,
    events,
    comments,
    over,
    cut: async () => {
      abort.abort();
      await over.catch(() => undefined);
    },
    text: () =>
      events
        .filter(({ event }) => event === 'run:chunk')
        .map(({ data }) => data.text)
        .join(''),
    statuses: () => events.filter(({ event }) => event === 'run:status').map(({ data }) => data.status),
  };
}

/** Plays a worker: what it commits and what it streams. */
function worker(runId: string, at: Gateway = product.gateways[1]!) {
  const names = redisNames(product.prefix);
  let n = 0;
  const commit = async (name: string, args: object) => {
    const actor = { id: AGENT_ID, kind: 'agent' as const, for: ada.userId };
    const outcome = await at.commit({ actor, commands: [{ name, args: { runId, ...args } }], trusted: true });
    if (outcome.status !== 'applied') throw new Error(JSON.stringify(outcome));
  };
  const append = async (entry: object) => {
    n += 1;
    const json = JSON.stringify({ n, a: 1, e: 1, ...entry } as RunStreamEntry);
    await redis.xadd(names.runStream(runId), `${n}-0`, RUN_STREAM_FIELD, json);
    await redis.publish(names.runChannel(runId), json);
  };
  const item = (state: 'open' | 'done') => ({
    ...{ id: `${runId}:1`, n: 1, kind: 'message', callId: null, state },
    body: { messageId: messageIdOf(runId, 1) },
  });
  return {
    begin: async () => {
      await commit('run.claim', {});
      await append({ k: 'status', d: { status: 'running' } });
      await append({ k: 'item', d: item('open') });
    },
    write: (offset: number, text: string) => append({ k: 'text', i: `${runId}:1`, o: offset, d: text }),
    end: async (text: string) => {
      await commit('run.item', { attempt: 1, item: item('done'), text });
      await append({ k: 'item', d: item('done') });
      await commit('run.end', { attempt: 1, status: 'completed' });
      await append({ k: 'status', d: { status: 'completed' } });
    },
  };
}

async function makeThread(): Promise<string> {
  return (await ada.call('POST', '/api/v1/threads', { title: 'Ask' })).body.id;
}

test('a message answers with its run as it streams, and ends with it', async () => {
  const threadId = await makeThread();
  const id = v7();
  const reader = await ask(product.gateways[0]!, ada, threadId, { id, text: 'Hello?' });
  expect(reader.response.status).toBe(200);
  expect(reader.response.headers.get('content-type')).toContain('text/event-stream');
  expect(reader.response.headers.get('cache-control')).toContain('no-transform');
  const run = worker(runIdOf(id));
  await run.begin();
  await run.write(0, 'Hello ');
  await run.write(6, 'wörld');
  await vi.waitFor(() => expect(reader.text()).toBe('Hello wörld'));
  expect(reader.events.findLast(({ event }) => event === 'run:chunk')?.id).toBe(`${runIdOf(id)}:1:11`);
  await run.end('Hello wörld!');
  await reader.over;
  expect(reader.text()).toBe('Hello wörld!');
  expect(reader.statuses()[0]).toBe('queued');
  expect(reader.statuses().at(-1)).toBe('completed');
  expect(reader.comments.length).toBeGreaterThan(0);

  const { body: shown } = await ada.call('GET', `/api/v1/runs/${runIdOf(id)}`);
  expect(shown).toMatchObject({
    threadId,
    messageId: id,
    status: 'completed',
    current: null,
    items: [{ n: 1, state: 'done' }],
  });
});

test('the same key attaches to the same run, on another gateway, from where the reader was', async () => {
  const threadId = await makeThread();
  const key = { 'idempotency-key': v7() };
  const first = await ask(product.gateways[0]!, ada, threadId, { text: 'Count' }, key);
  await vi.waitFor(() => expect(first.statuses()).toEqual(['queued']));
  const { body: sent } = await ada.call('POST', `/api/v1/threads/${threadId}/messages`, { text: 'Count' }, key);
  const { runId } = sent;
  const run = worker(runId);
  await run.begin();
  await run.write(0, 'one two ');
  await vi.waitFor(() => expect(first.text()).toBe('one two '));
  const { body: live } = await ada.call('GET', `/api/v1/runs/${runId}`);
  expect(live).toMatchObject({ status: 'running', current: { itemId: `${runId}:1`, offset: 0, text: 'one two ' } });
  const lastEventId = first.events.findLast(({ id }) => id !== undefined)?.id ?? '';
  await first.cut();

  const second = await ask(
    product.gateways[1]!,
    ada,
    threadId,
    { text: 'Count' },
    { ...key, 'last-event-id': lastEventId },
  );
  await run.write(8, 'three');
  await run.end('one two three');
  await second.over;
  expect(first.text() + second.text()).toBe('one two three');
  expect(second.statuses().at(-1)).toBe('completed');
  const { body: messages } = await ada.call('GET', `/api/v1/threads/${threadId}/messages`);
  expect(messages.items.map(({ text }: { text: string }) => text)).toEqual(['Count', 'one two three']);

  const late = await ask(product.gateways[0]!, ada, threadId, { text: 'Count' }, key);
  await late.over;
  expect(late.text()).toBe('one two three');
  const reused = await ada.call('POST', `/api/v1/threads/${threadId}/messages`, { text: 'Other' }, key);
  expect(reused.body).toMatchObject({ code: 'conflict', status: 409 });
});

test('going away stops nothing, unless it was asked for', async () => {
  const threadId = await makeThread();
  const [stays, stops] = [v7(), v7()];
  const statusOf = async (id: string) => (await ada.call('GET', `/api/v1/runs/${runIdOf(id)}`)).body.status;
  const one = await ask(product.gateways[0]!, ada, threadId, { id: stays, text: 'a' });
  const two = await ask(product.gateways[0]!, ada, threadId, { id: stops, text: 'b', onDisconnect: 'stop' });
  await vi.waitFor(() => expect([one.statuses(), two.statuses()]).toEqual([['queued'], ['queued']]));
  await one.cut();
  await two.cut();
  await vi.waitFor(async () => expect(await statusOf(stops)).toBe('stopped'), { timeout: 5_000 });
  expect(await statusOf(stays)).toBe('queued');
});

test('a removed member hears no more, and the answer ends', async () => {
  const ben = await product.person('Ben');
  await ben.call('GET', '/api/v1/lists');
  const { body: list } = await ada.call('POST', '/api/v1/lists', { title: 'Shared' });
  await ada.call('POST', `/api/v1/lists/${list.id}/members`, { email: ben.email, role: 'editor' });
  const { body: thread } = await ada.call('POST', '/api/v1/threads', { listId: list.id });
  const reader = await ask(product.gateways[1]!, ben, thread.id, { text: 'Hello?' });
  await vi.waitFor(() => expect(reader.statuses()).toEqual(['queued']));
  expect((await ada.call('DELETE', `/api/v1/lists/${list.id}/members/${ben.userId}`)).status).toBe(204);
  await reader.over;
  expect(reader.text()).toBe('');
});

test('signing out closes the session’s sockets and streams on every gateway within a second', async () => {
  const eve = await product.person('Eve');
  const { body: thread } = await eve.call('POST', '/api/v1/threads', {});
  const sockets = await Promise.all(product.gateways.map((gateway) => product.client(eve, gateway)));
  const reader = await ask(product.gateways[1]!, eve, thread.id, { text: 'Hello?' });
  await vi.waitFor(() => expect(reader.statuses()).toEqual(['queued']));
  const closed = Promise.all([...sockets.map((client) => client.closed(1_000)), reader.over]);
  await eve.call('POST', '/api/auth/sign-out', {});
  await closed;
});

test('a revoked API token closes what was opened with it', async () => {
  const { body: made } = await ada.call('POST', '/api/v1/tokens', { name: 'script' });
  const client = await product.client({ ...ada, token: made.token }, product.gateways[1]);
  expect(client.socket.connected).toBe(true);
  const closed = client.closed(1_000);
  await ada.call('DELETE', `/api/v1/tokens/${made.id}`);
  await closed;
});
