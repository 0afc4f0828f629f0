import { randomUUID } from 'node:crypto';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeList, startGateways, type TestClient, type TestGateways } from '../../test/start-gateways.ts';

let product: TestGateways;
beforeAll(async () => {
  product = await startGateways(2);
});
afterAll(() => product.close());

const send = (client: TestClient, mid: number, name: string, args: unknown, nonce: string = randomUUID()) =>
  client.ask('mutate', { mid, nonce, name, args });
const newcomer = async () => product.client(await product.person('Ada'));

describe('exactly once', () => {
  test('the same mid and nonce is a duplicate with its first answer, on any gateway', async () => {
    const ada = await product.person('Ada');
    const client = await product.client(ada);
    const [id, nonce] = [v7(), randomUUID()];
    const args = { id, title: 'Once' };
    expect(await send(client, 1, 'list.create', args, nonce)).toMatchObject({ ok: true, data: { status: 'applied' } });
    const again = await product.client(ada, product.gateways[1], client.clientId);
    expect(await send(again, 1, 'list.create', args, nonce)).toEqual({
      ok: true,
      data: {
        status: 'duplicate',
        first: { status: 'applied', seqs: { [`list:${id}`]: 1, [`user:${ada.userId}`]: 1 } },
      },
    });
  });

  test('the same mid with another nonce is cloned, and the mid is not taken', async () => {
    const client = await newcomer();
    await send(client, 1, 'list.create', { id: v7(), title: 'One' });
    expect(await send(client, 1, 'list.create', { id: v7(), title: 'Other' })).toMatchObject({
      ok: false,
      error: { code: 'cloned' },
    });
    expect(await send(client, 2, 'list.create', { id: v7(), title: 'Two' })).toMatchObject({
      ok: true,
      data: { status: 'applied' },
    });
  });

  test('a mid from the future says which one is expected', async () => {
    const client = await newcomer();
    expect(await send(client, 3, 'list.create', { id: v7(), title: 'Three' })).toEqual({
      ok: true,
      data: { status: 'out_of_order', expected: 1 },
    });
  });

  test('sixty-four in flight keep their order, and each applies once', async () => {
    const client = await newcomer();
    const { id: listId, scope } = await makeList(client);
    const { results } = await client.get('scope:open', { scopes: [{ scope }] });
    expect(results[0]?.kind).toBe('snapshot');
    const titles = Array.from({ length: 64 }, (_, n) => `Task ${n}`);
    const answers = await Promise.all(
      titles.map((title, n) => send(client, n + 2, 'task.create', { id: v7(), listId, title })),
    );
    expect(answers.every((answer) => answer.ok && answer.data.status === 'applied')).toBe(true);
    await client.next('scope:changes', ({ to }) => to === 65);
    const heard = client.all('scope:changes').flatMap(({ changes }) => changes.flatMap(({ effects }) => effects));
    expect(heard.map((effect) => effect.op === 'put' && effect.value['title'])).toEqual(titles);
  });
});

describe('what takes its mid', () => {
  test.each([
    ['invalid', 'an unknown name', 'task.explode', {}],
    ['invalid', 'a name of the prototype', '__proto__', {}],
    ['invalid', 'arguments that are none', 'list.create', null],
    ['invalid', 'arguments left out', 'list.create', undefined],
    ['invalid', 'an argument too many', 'list.create', { id: v7(), title: 'x', owner: 'me' }],
    ['invalid', 'a title of a megabyte', 'list.create', { id: v7(), title: 'x'.repeat(1_000_000) }],
    ['invalid', "the server's own commands", 'run.claim', { runId: v7() }],
    ['not_found', "a list that is nobody's", 'list.rename', { id: v7(), title: 'x' }],
  ])('%s: %s', async (code, _what, name, args) => {
    const client = await newcomer();
    const nonce = randomUUID();
    expect(await send(client, 1, name, args, nonce)).toMatchObject({ ok: true, data: { status: 'rejected', code } });
    expect(await send(client, 1, name, args, nonce)).toMatchObject({
      ok: true,
      data: { status: 'duplicate', first: { code } },
    });
    expect(await send(client, 2, 'list.create', { id: v7(), title: 'Next' })).toMatchObject({
      ok: true,
      data: { status: 'applied' },
    });
  });
});

describe('what leaves its mid free', () => {
  test.each([
    ['no mid', { nonce: randomUUID(), name: 'list.create', args: {} }],
    ['mid 0', { mid: 0, nonce: randomUUID(), name: 'list.create', args: {} }],
    ['mid 1.5', { mid: 1.5, nonce: randomUUID(), name: 'list.create', args: {} }],
    ['no nonce', { mid: 1, name: 'list.create', args: {} }],
    ['no name', { mid: 1, nonce: randomUUID(), args: {} }],
    ['a name that is no text', { mid: 1, nonce: randomUUID(), name: { x: 1 }, args: {} }],
    ['a base below zero', { mid: 1, nonce: randomUUID(), name: 'list.create', args: {}, base: -1 }],
  ])('a frame that cannot be read: %s', async (_what, frame) => {
    const client = await newcomer();
    expect(await client.ask('mutate', frame)).toMatchObject({ ok: false, error: { code: 'invalid' } });
    expect(await send(client, 1, 'list.create', { id: v7(), title: 'Next' })).toMatchObject({
      ok: true,
      data: { status: 'applied' },
    });
  });

  test('too much at once is limited for all the later mids too, and what was taken up stays in order', async () => {
    const strict = await product.start({ env: { RATE_LIMIT_USER: '5' } });
    const client = await product.client(await product.person('Ada'), strict);
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => send(client, n + 1, 'list.create', { id: v7(), title: `${n}` })),
    );
    const codes = answers.map((answer) => (answer.ok ? answer.data.status : answer.error.code));
    expect(codes).toEqual([...Array(5).fill('applied'), ...Array(7).fill('rate_limited')]);
    const last = answers.at(-1);
    expect(last?.ok === false && last.error).toMatchObject({
      retryable: true,
      details: { retryAfterMs: expect.any(Number) },
    });
  });

  test('a socket that sends too many messages is limited alone', async () => {
    const strict = await product.start({ env: { RATE_LIMIT_SOCKET: '10' } });
    const ada = await product.person('Ada');
    const [loud, calm] = [await product.client(ada, strict), await product.client(ada, strict)];
    const scope = 'list:11111111-1111-4111-8111-111111111111';
    const answers = await Promise.all(Array.from({ length: 30 }, () => loud.ask('scope:close', { scope })));
    expect(answers.filter(({ ok }) => !ok).length).toBeGreaterThanOrEqual(10);
    expect(await calm.ask('scope:close', { scope })).toEqual({ ok: true, data: {} });
  });
});
