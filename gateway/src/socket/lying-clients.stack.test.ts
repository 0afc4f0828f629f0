import { randomUUID } from 'node:crypto';
import type { ScopeResult } from '@muster/protocol/client-events';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Visitor } from '../http/test/start-http.ts';
import { makeList, startGateways, TestClient, type TestGateways } from '../test/start-gateways.ts';

/** Clients that lie about what they did and what they have, to either of two gateways. */
let product: TestGateways;
let ada: Visitor;
let eve: Visitor;
beforeAll(async () => {
  product = await startGateways(2);
  [ada, eve] = await Promise.all([product.person('Ada'), product.person('Eve')]);
});
afterAll(() => product.close());

const send = (client: TestClient, mid: number, nonce: string = randomUUID(), id: string = v7()) =>
  client.ask('mutate', { mid, nonce, name: 'list.create', args: { id, title: 'One' } });
/** The same client on both gateways. */
async function twins(who = ada): Promise<[TestClient, TestClient]> {
  const one = await product.client(who);
  return [one, await product.client(who, product.gateways[1], one.clientId)];
}

describe('mids', () => {
  test('one that jumps is told which is expected, on whichever gateway, and is not taken', async () => {
    const [one, two] = await twins();
    await send(one, 1);
    const jump = { ok: true, data: { status: 'out_of_order', expected: 2 } };
    expect(await send(two, 3)).toEqual(jump);
    expect(await send(one, 9_007_199_254_740_991)).toEqual(jump);
    expect(await send(two, 2)).toMatchObject({ ok: true, data: { status: 'applied' } });
  });

  test('one that repeats with another nonce is cloned on the other gateway too, old ones as well', async () => {
    const [one, two] = await twins();
    for (const mid of [1, 2, 3]) await send(one, mid);
    for (const mid of [1, 3]) {
      expect(await send(two, mid)).toMatchObject({ ok: false, error: { code: 'cloned', retryable: false } });
    }
    expect(await send(two, 4)).toMatchObject({ ok: true, data: { status: 'applied' } });
  });

  test('the same at once on both gateways applies once, and is a duplicate once', async () => {
    for (let round = 0; round < 5; round++) {
      const [one, two] = await twins();
      const [nonce, id] = [randomUUID(), v7()];
      const answers = await Promise.all([send(one, 1, nonce, id), send(two, 1, nonce, id)]);
      const statuses = answers.map((answer) => (answer.ok ? answer.data.status : answer.error.code));
      expect(statuses.sort()).toEqual(['applied', 'duplicate']);
    }
  });

  test('two who claim the same mid at once: one has it, the other is a clone', async () => {
    for (let round = 0; round < 5; round++) {
      const [one, two] = await twins();
      const answers = await Promise.all([send(one, 1), send(two, 1)]);
      const codes = answers.map((answer) => (answer.ok ? answer.data.status : answer.error.code));
      expect(codes.sort()).toEqual(['applied', 'cloned']);
    }
  });
});

describe("another's client", () => {
  test('is refused at the door of every gateway', async () => {
    const client = await product.client(ada);
    await send(client, 1);
    for (const gateway of product.gateways) {
      const liar = new TestClient(gateway, { token: eve.token, clientId: client.clientId });
      expect(await liar.refusal()).toBe('cloned');
    }
  });

  test('whoever came in before it was anyone’s does not write with it, nor learn what it answered', async () => {
    const liar = await product.client(eve, product.gateways[1]);
    const client = await product.client(ada, product.gateways[0], liar.clientId);
    const [nonce, id] = [randomUUID(), v7()];
    expect(await send(client, 1, nonce, id)).toMatchObject({ ok: true, data: { status: 'applied' } });
    for (const [mid, guess] of [
      [1, nonce],
      [1, randomUUID()],
      [2, randomUUID()],
    ] as const) {
      const answer = await send(liar, mid, guess, id);
      expect(answer).toMatchObject({ ok: false, error: { code: 'cloned' } });
      expect(JSON.stringify(answer)).not.toContain(id);
    }
    expect(await send(client, 2)).toMatchObject({ ok: true, data: { status: 'applied' } });
  });
});

describe('positions', () => {
  const OTHER_WORLD = '11111111-1111-4111-8111-111111111111';
  /** Asked of a gateway that knows the list and of one that does not, by opening and by pulling. */
  async function answersTo(after: object): Promise<ScopeResult[]> {
    const writer = await product.client(ada);
    const { id: listId, scope } = await makeList(writer);
    for (let n = 0; n < 4; n++) await writer.mutate('task.create', { id: v7(), listId, title: `Task ${n}` });
    await writer.get('scope:open', { scopes: [{ scope }] });
    const results: ScopeResult[] = [];
    for (const gateway of product.gateways) {
      const client = await product.client(ada, gateway);
      results.push(await client.get('scope:pull', { scope, after }));
      results.push(...(await client.get('scope:open', { scopes: [{ scope, after }] })).results);
      // Served like everybody else from there on.
      const seen = client.seqs(scope).length;
      await writer.mutate('task.create', { id: v7(), listId, title: 'Next' });
      await client.next('scope:changes', (packet) => packet.scope === scope);
      expect(client.seqs(scope).slice(seen)).toEqual([
        results.at(-1)!.kind === 'error' ? 0 : seqOf(results.at(-1)!) + 1,
      ]);
    }
    return results;
  }
  const seqOf = (result: ScopeResult) =>
    result.kind === 'snapshot' ? result.seq : result.kind === 'changes' ? result.to : 0;
  const logEpoch = () => product.gateways[0]!.bus.logEpoch;

  test.each([6, 1_000, 9_007_199_254_740_991])('of the future (%i) get a snapshot', async (seq) => {
    const results = await answersTo({ seq, logEpoch: logEpoch() });
    // The second gateway was asked one change later.
    const isAhead = (result: ScopeResult) => seq > seqOf(result) || result.kind === 'changes';
    expect(results.every(isAhead)).toBe(true);
    expect(results.slice(0, 2).map(({ kind }) => kind)).toEqual(['snapshot', 'snapshot']);
    if (seq > 6) expect(results.map(({ kind }) => kind)).toEqual(Array(4).fill('snapshot'));
  });

  test('of another world get a snapshot, whatever their seq', async () => {
    for (const seq of [0, 3, 5, 1_000]) {
      const results = await answersTo({ seq, logEpoch: OTHER_WORLD });
      expect(results.map(({ kind }) => kind)).toEqual(Array(4).fill('snapshot'));
    }
  });

  test.each([
    { seq: -1, logEpoch: OTHER_WORLD },
    { seq: 1.5, logEpoch: OTHER_WORLD },
    { seq: '3', logEpoch: OTHER_WORLD },
    { seq: 1e300, logEpoch: OTHER_WORLD },
    { seq: 3 },
    { seq: 3, logEpoch: null },
    { logEpoch: OTHER_WORLD },
  ])('%j is no position', async (after) => {
    const client = await product.client(ada);
    const { scope } = await makeList(client);
    for (const ask of [
      client.ask('scope:pull', { scope, after }),
      client.ask('scope:open', { scopes: [{ scope, after }] }),
    ])
      expect(await ask).toMatchObject({ ok: false, error: { code: 'invalid' } });
  });

  test('a scope named twice with two positions is answered once', async () => {
    const client = await product.client(ada);
    const { scope } = await makeList(client);
    const scopes = [{ scope }, { scope, after: { seq: 1, logEpoch: logEpoch() } }];
    const { results } = await client.get('scope:open', { scopes });
    expect(results.map(({ kind }) => kind)).toEqual(['snapshot']);
  });
});

describe('scopes', () => {
  test('absent and another’s get the same answer on both gateways, with or without a position, and no word after it', async () => {
    const writer = await product.client(ada);
    const { id: listId, scope } = await makeList(writer);
    const threadId = v7();
    await writer.mutate('thread.create', { id: threadId, listId });
    await writer.get('scope:open', { scopes: [{ scope }, { scope: `thread:${threadId}` }] });
    const after = { seq: 1, logEpoch: product.gateways[0]!.bus.logEpoch };
    const names = [scope, `thread:${threadId}`, `user:${ada.userId}`, `list:${v7()}`, `thread:${v7()}`, `user:${v7()}`];
    const liars = await Promise.all(product.gateways.map((gateway) => product.client(eve, gateway)));
    for (const liar of liars) {
      for (const position of [{}, { after }]) {
        const { results } = await liar.get('scope:open', {
          scopes: names.map((name) => ({ scope: name, ...position })),
        });
        const errors = results.map((result) => result.kind === 'error' && result.error);
        expect(new Set(errors.map((error) => JSON.stringify(error))).size).toBe(1);
        expect(errors[0]).toMatchObject({ code: 'not_found' });
      }
    }
    await writer.mutate('task.create', { id: v7(), listId, title: 'Secret' });
    await writer.next('scope:changes', ({ changes }) => JSON.stringify(changes).includes('Secret'));
    for (const liar of liars) {
      await liar.get('scope:close', { scope });
      expect(JSON.stringify(liar.heard)).not.toMatch(/Secret|scope:changes|presence/);
    }
  });
});

describe('pages', () => {
  test('a forged token shows nothing but the scope that it is asked of, and of that nothing twice', async () => {
    const [writer, other] = [await product.client(ada), await product.client(eve)];
    const [own, foreign] = [await makeList(writer), await makeList(other)];
    const tasks: string[] = [];
    for (let n = 0; n < 3; n++) {
      tasks.push(v7());
      await writer.mutate('task.create', { id: tasks[n]!, listId: own.id, title: `Task ${n}` });
    }
    const secret = v7();
    await other.mutate('task.create', { id: secret, listId: foreign.id, title: 'Secret' });
    for (const gateway of product.gateways) {
      const client = await product.client(ada, gateway);
      const page = async (next: string) => {
        const { entities } = await client.get('scope:page', { scope: own.scope, next });
        return entities.map(({ id }) => id);
      };
      expect(await page('task|')).toEqual(tasks);
      expect(await page(`task|${tasks[0]!}`)).toEqual(tasks.slice(1));
      expect(await page(`task|${secret}`)).toEqual(tasks.filter((id) => id > secret));
      // The other's list is not theirs, whatever the token says.
      for (const next of ['task|', `task|${secret}`]) {
        const answer = await client.ask('scope:page', { scope: foreign.scope, next });
        expect(answer).toMatchObject({ ok: false, error: { code: 'not_found' } });
      }
    }
  });

  test.each([
    '',
    '|',
    'task',
    'list|',
    'member|',
    'acl_grant|',
    'message|',
    'run_item|',
    'run_item|:999999999999',
    "task|' or true --",
    'task|zzz',
    `task|${'0'.repeat(10_000)}`,
    '\u0000|\u0000',
    'user:x|task|',
  ])('%j is no token of a list', async (next) => {
    const client = await product.client(ada);
    const { scope } = await makeList(client);
    const answer = await client.ask('scope:page', { scope, next });
    expect(['not_found', 'invalid']).toContain(answer.ok ? 'ok' : answer.error.code);
  });

  test('of a thread and of a person likewise', async () => {
    const client = await product.client(ada);
    const threadId = v7();
    await client.mutate('thread.create', { id: threadId, title: 'Mine' });
    const codeOf = async (scope: string, next: string) => {
      const answer = await client.ask('scope:page', { scope, next });
      return answer.ok ? answer.data.entities.length : answer.error.code;
    };
    for (const next of ['message|', 'run|', 'run_item|', `run_item|${v7()}:7`])
      expect(await codeOf(`thread:${threadId}`, next)).toBe(0);
    for (const next of ['task|', 'run_item|:x', 'settings|'])
      expect(await codeOf(`thread:${threadId}`, next)).toBe('not_found');
    for (const next of ['task|', 'settings|', 'message|'])
      expect(await codeOf(`user:${ada.userId}`, next)).toBe('not_found');
  });
});
