import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { v7 } from 'uuid';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { codeOf, listScope, Rig, type Person } from '../../test/rig.ts';
import type { CommitOutcome } from './types.ts';

let database: TestDatabase;
let rig: Rig;
let ada: Person;
let listId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = new Rig(database.url, 2);
  ada = await rig.person();
  listId = await ada.list();
});
afterAll(async () => {
  expect(await rig.faults()).toEqual([]);
  await rig.close();
  await database.drop();
});

const send = (
  clientId: string,
  mid: number,
  name: string,
  args: unknown,
  nonce = `nonce-${mid}`,
): Promise<CommitOutcome> => rig.first.commit(ada.submission(name, args, { client: { clientId, mid, nonce } }));
const make = (title: string, id = v7()) => ({ id, listId, title });

describe('every mutation with a usable mid takes it', () => {
  test('whatever comes of it, and is answered the same when it is sent again', async () => {
    const clientId = v7();
    const id = v7();
    const sent: [string, unknown][] = [
      ['task.create', make('fine', id)],
      ['task.create', make('taken', id)],
      ['task.create', { id: 'not an id', listId, title: '' }],
      ['task.explode', {}],
      ['list.rebalance', { listId }],
      ['task.update', { id, fields: { title: 'fine' } }],
      ['task.update', { id: v7(), fields: { title: 'absent' } }],
    ];
    const first: CommitOutcome[] = [];
    for (const [index, [name, args]] of sent.entries()) first.push(await send(clientId, index + 1, name, args));
    expect(first.map(codeOf)).toEqual(['applied', 'conflict', 'invalid', 'invalid', 'invalid', 'applied', 'not_found']);
    expect(first[5]).toMatchObject({ seqs: {} });
    // Another gateway, which remembers nothing.
    const cold = rig.addGateway();
    for (const [index, [name, args]] of sent.entries()) {
      const again = await cold.commit(
        ada.submission(name, args, { client: { clientId, mid: index + 1, nonce: `nonce-${index + 1}` } }),
      );
      const before = first[index];
      expect(again).toEqual({
        status: 'duplicate',
        results: [],
        first:
          before?.status === 'rejected'
            ? {
                status: 'rejected',
                code: before.error.code,
                message: before.error.message,
                ...(before.error.details ? { details: before.error.details } : {}),
              }
            : { status: 'applied', seqs: before?.status === 'applied' ? before.seqs : undefined },
      });
    }
    expect(await rig.rows('select last_mid from client where id = $1', [clientId])).toEqual([
      { last_mid: sent.length },
    ]);
  });

  test('a repeat in the same batch is found too', async () => {
    const clientId = v7();
    const outcomes = await Promise.all([
      send(clientId, 1, 'task.create', make('one')),
      send(clientId, 1, 'task.create', make('one')),
      send(clientId, 2, 'nothing.at.all', {}),
      send(clientId, 2, 'nothing.at.all', {}),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['applied', 'duplicate', 'rejected', 'duplicate']);
    const [first, again, , refused] = outcomes;
    expect(again).toMatchObject({ first: { seqs: first?.status === 'applied' ? first.seqs : undefined } });
    expect(refused).toMatchObject({ first: { status: 'rejected', code: 'invalid' } });
  });

  test('the nonce decides, not the content: a queue upgraded by a new version is not applied twice', async () => {
    const clientId = v7();
    await send(clientId, 1, 'task.create', make('old form'), 'the-same-nonce');
    expect(
      await send(clientId, 1, 'task.create', { ...make('new form'), notes: 'added by the upgrade' }, 'the-same-nonce'),
    ).toMatchObject({ status: 'duplicate' });
    expect(await send(clientId, 1, 'task.create', make('old form'), 'another-nonce')).toEqual({ status: 'cloned' });
    // A clone's answer takes no mid.
    expect(await send(clientId, 2, 'task.create', make('next'))).toMatchObject({ status: 'applied' });
  });

  test('an answer without a change row is kept for 256 mids, one with a row for ever', async () => {
    const clientId = v7();
    expect(codeOf(await send(clientId, 1, 'task.create', make('kept')))).toBe('applied');
    expect(codeOf(await send(clientId, 2, 'nothing', {}))).toBe('invalid');
    for (let mid = 3; mid <= 1_002; mid += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, index) => send(clientId, mid + index, 'nothing', {})));
    }
    const [row] = await rig.rows<{ silent: object; last_mid: number }>(
      'select silent, last_mid from client where id = $1',
      [clientId],
    );
    expect(Object.keys(row?.silent ?? {}).length).toBeLessThanOrEqual(256 + 100);
    expect(await send(clientId, 1, 'x', {})).toMatchObject({
      status: 'duplicate',
      first: { status: 'applied', seqs: { [listScope(listId)]: expect.any(Number) } },
    });
    expect(await send(clientId, row?.last_mid ?? 0, 'nothing', {})).toMatchObject({
      status: 'duplicate',
      first: { code: 'invalid' },
    });
  });
});

describe('order', () => {
  test('a mid that is too high is told which one is expected', async () => {
    const clientId = v7();
    expect(await send(clientId, 2, 'task.create', make('two'))).toEqual({ status: 'out_of_order', expected: 1 });
    expect(await send(clientId, 1, 'task.create', make('one'))).toMatchObject({ status: 'applied' });
    expect(await send(clientId, 2, 'task.create', make('two'))).toMatchObject({ status: 'applied' });
  });

  test('someone else’s clientId is a clone’s', async () => {
    const clientId = v7();
    await send(clientId, 1, 'task.create', make('mine'));
    const eve = await rig.person();
    const stolen = eve.submission(
      'settings.update',
      { fields: { theme: 'dark' } },
      { client: { clientId, mid: 2, nonce: 'nonce-2' } },
    );
    expect(await rig.first.commit(stolen)).toEqual({ status: 'cloned' });
    expect(await send(clientId, 2, 'task.create', make('mine too'))).toMatchObject({ status: 'applied' });
  });

  test('past 512 of one client it and all later ones are refused without their mids, others are not', async () => {
    const clientId = v7();
    const sent = Array.from({ length: 600 }, (_, index) =>
      send(clientId, index + 1, 'task.create', make(`n ${index}`)),
    );
    const free = rig.first.commit(ada.submission('task.create', make('someone else')));
    const outcomes = await Promise.allSettled(sent);
    expect(
      outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.status : outcome.reason.code)),
    ).toEqual([...Array(512).fill('applied'), ...Array(88).fill('rate_limited')]);
    await expect(free).resolves.toMatchObject({ status: 'applied' });
    expect(await send(clientId, 513, 'task.create', make('again'))).toMatchObject({ status: 'applied' });
  });

  test('a later mid is refused too while the first refused one has not come again', async () => {
    const clientId = v7();
    const sent = Array.from({ length: 513 }, (_, index) =>
      send(clientId, index + 1, 'task.create', make(`n ${index}`)),
    );
    sent.at(-1)?.catch(() => undefined);
    // Room is made by the first answer, but 514 must not pass 513 by.
    await sent[0];
    const late = send(clientId, 514, 'task.create', make('late'));
    await expect(late).rejects.toMatchObject({ code: 'rate_limited' });
    await Promise.allSettled(sent);
  });
});

describe('what is committed once by another key', () => {
  test('an Idempotency-Key: the same body finds the first result, another one is refused, also at once on two gateways', async () => {
    const key = { key: 'k-1', bodyHash: 'abc' };
    const post = { ...ada.submission('task.create', make('posted')), idempotency: key };
    const [a, b, c] = await Promise.all([
      rig.first.commit(post),
      rig.first.commit(post),
      rig.gateways[1]!.commit(post),
    ]);
    expect([a, b, c].map((outcome) => outcome?.status).sort()).toEqual(['applied', 'duplicate', 'duplicate']);
    const first = [a, b, c].find((outcome) => outcome?.status === 'applied');
    expect(await rig.first.commit(post)).toEqual({
      status: 'duplicate',
      first: { status: 'applied', seqs: first?.status === 'applied' ? first.seqs : undefined },
      results: [null],
    });
    expect(await rig.first.commit({ ...post, idempotency: { key: 'k-1', bodyHash: 'xyz' } })).toEqual({
      status: 'key_reused',
    });
    const bob = await rig.person();
    const own = {
      ...bob.submission('list.create', { id: v7(), title: 'Bob’s' }),
      idempotency: { key: 'k-1', bodyHash: 'xyz' },
    };
    expect(await rig.first.commit(own)).toMatchObject({ status: 'applied' });
  });
});
