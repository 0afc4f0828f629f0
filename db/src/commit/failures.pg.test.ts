import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { v7 } from 'uuid';
import { COMMANDS } from '@muster/domain/registry';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { codeOf, listScope, Rig, type Person } from '../../test/rig.ts';
import { CommitConnection } from './connection.ts';

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

const head = async (): Promise<number> =>
  (await rig.rows<{ head_seq: number }>('select head_seq from scope where id = $1', [listScope(listId)]))[0]
    ?.head_seq ?? NaN;
const make = (title: string) => ({ id: v7(), listId, title });

describe('one bad command in a batch', () => {
  test('an id that another gateway takes meanwhile spoils none of the 99 beside it', async () => {
    const taken = v7();
    const elsewhere = await rig.person();
    const theirs = await elsewhere.list();
    // Read as free and taken before it is written: only the constraint can tell. The insert waits for this transaction.
    const rival = new pg.Client(database.url);
    await rival.connect();
    await rival.query('begin');
    await rival.query(
      `insert into task (id, scope_id, title, notes, done, priority, assignee_ids, label_ids, pos, created_at, created_by)
       values ($1, $2, 'rival', '', false, 'none', '[]', '[]', 'a5', 0, $3)`,
      [taken, listScope(theirs), elsewhere.id],
    );
    const before = await head();
    const batch = Array.from({ length: 100 }, (_, index) =>
      ada.do('task.create', { ...make(`n ${index}`), ...(index === 50 ? { id: taken } : {}) }),
    );
    await expect
      .poll(
        async () =>
          (
            await rig.rows(
              `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
            )
          ).length,
      )
      .toBeGreaterThan(0);
    await rival.query('commit');
    await rival.end();
    const outcomes = await Promise.all(batch);
    expect(outcomes.map(codeOf)).toEqual(outcomes.map((_, index) => (index === 50 ? 'conflict' : 'applied')));
    // Its mid is taken, its seq is not.
    expect(await head()).toBe(before + 99);
    expect(codeOf(await ada.do('task.create', make('next')))).toBe('applied');
  });

  test('text that Postgres cannot hold is refused by name and takes its mid', async () => {
    const outcomes = await Promise.all([
      ada.do('task.create', make('before')),
      ada.do('task.create', make('NUL \u0000 inside')),
      ada.do('task.create', make('half a pair \ud800')),
      ada.do('task.create', make('after')),
    ]);
    expect(outcomes.map(codeOf)).toEqual(['applied', 'invalid', 'invalid', 'applied']);
  });

  test('a command that throws is rejected, logged, takes its mid, and does no harm to the rest', async () => {
    const bug = vi.spyOn(COMMANDS['task.complete'], 'decide').mockImplementation(() => {
      throw new TypeError('undefined is not a function');
    });
    const outcomes = await Promise.all([
      ada.do('task.create', make('before')),
      ada.do('task.complete', { id: v7(), done: true }),
      ada.do('task.create', make('after')),
    ]);
    bug.mockRestore();
    expect(outcomes.map(codeOf)).toEqual(['applied', 'internal', 'applied']);
    expect(rig.first.warnings).toContainEqual(expect.any(TypeError));
  });

  test('names of our own objects are no commands', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(codeOf(await ada.do(name, {}))).toBe('invalid');
    }
  });
});

describe('a rollback', () => {
  test('leaves no gap: the rejected and the refused give their numbers back', async () => {
    const before = await head();
    const outcomes = await Promise.all([
      ada.do('task.create', make('1')),
      ada.do('task.update', { id: v7(), fields: { title: 'absent' } }),
      ada.do('task.create', make('2')),
      ada.do('task.create', make('\u0000')),
      ada.do('task.create', make('3')),
    ]);
    const seqs = outcomes.flatMap((outcome) => (outcome.status === 'applied' ? outcome.seqs[listScope(listId)] : []));
    expect(seqs).toEqual([before + 1, before + 2, before + 3]);
  });

  test('a deadlock is tried again under the same mid', async () => {
    const other = await ada.list('Other');
    const [a, b] = [listScope(listId), listScope(other)].sort() as [string, string];
    const id = await ada.task(listId);
    const rival = new pg.Client(database.url);
    await rival.connect();
    // The rival takes the locks in the wrong order, and never gives up: we are the one to be ended.
    await rival.query(`begin; set local deadlock_timeout = '1min'`);
    await rival.query('select 1 from scope where id = $1 for update', [b]);
    const move = ada.do('task.place', { id, after: null, listId: other });
    await expect
      .poll(
        async () =>
          (
            await rig.rows(
              `select 1 from pg_stat_activity where application_name = 'muster commit' and wait_event_type = 'Lock' and datname = current_database()`,
            )
          ).length,
      )
      .toBe(1);
    await rival.query('select 1 from scope where id = $1 for update', [a]);
    await rival.query('commit');
    await rival.end();
    expect(codeOf(await move)).toBe('applied');
  });
});

describe('a database that goes away', () => {
  const endConnections = () =>
    rig.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'muster commit' and datname = current_database()`,
    );

  test('what was under way is unavailable and keeps its mid; the next try is applied once', async () => {
    const gateway = rig.addGateway();
    const id = v7();
    const block = new pg.Client(database.url);
    await block.connect();
    await block.query('begin');
    await block.query('select 1 from scope where id = $1 for update', [listScope(listId)]);
    const mutation = ada.submission(
      'task.create',
      { ...make('again'), id },
      { client: { clientId: v7(), mid: 1, nonce: 'nonce-1' } },
    );
    const lost = gateway.commit(mutation);
    lost.catch(() => undefined);
    await expect
      .poll(
        async () =>
          (
            await rig.rows(
              `select 1 from pg_stat_activity where application_name = 'muster commit' and wait_event_type = 'Lock' and datname = current_database()`,
            )
          ).length,
      )
      .toBe(1);
    await endConnections();
    await expect(lost).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    await block.query('rollback');
    await block.end();
    expect(await gateway.commit(mutation)).toMatchObject({ status: 'applied' });
    expect(await gateway.commit(mutation)).toMatchObject({ status: 'duplicate' });
    expect(
      await rig.rows('select count(*) as n from change where effects @> $1::jsonb', [JSON.stringify([{ id }])]),
    ).toEqual([{ n: 1 }]);
  });

  test('a commit whose answer was lost is found by its mid', async () => {
    const gateway = rig.addGateway();
    const mutation = ada.submission('task.create', make('unknown'), {
      client: { clientId: v7(), mid: 1, nonce: 'nonce-1' },
    });
    const first = await gateway.commit(mutation);
    await endConnections();
    const again = await rig.addGateway().commit(mutation);
    expect(again).toMatchObject({
      status: 'duplicate',
      first: { seqs: first.status === 'applied' ? first.seqs : undefined },
    });
  });

  test('a process that freezes between the flights holds others up for seconds only, and writes nothing when it is back', async () => {
    const frozen = rig.addGateway();
    const thaw = Promise.withResolvers<void>();
    const persist = CommitConnection.prototype.persist;
    const freeze = vi.spyOn(CommitConnection.prototype, 'persist').mockImplementationOnce(async function (
      this: CommitConnection,
      values,
    ) {
      await thaw.promise;
      return persist.call(this, values);
    });
    const id = v7();
    const mutation = ada.submission(
      'task.create',
      { ...make('frozen'), id },
      { client: { clientId: v7(), mid: 1, nonce: 'nonce-1' } },
    );
    const lost = frozen.commit(mutation);
    lost.catch(() => undefined);
    await expect.poll(() => freeze.mock.calls.length).toBe(1);
    expect(codeOf(await ada.do('task.create', make('others go on')))).toBe('applied');
    thaw.resolve();
    await expect(lost).rejects.toMatchObject({ code: 'unavailable' });
    freeze.mockRestore();
    expect(await rig.rows('select * from task where id = $1', [id])).toEqual([]);
    expect(await frozen.commit(mutation)).toMatchObject({ status: 'applied' });
  });

  test('publishing that fails is no reason to fail', async () => {
    const gateway = rig.addGateway({
      publish: () => {
        throw new Error('Redis is away');
      },
    });
    expect(codeOf(await gateway.commit(ada.submission('task.create', make('unheard'))))).toBe('applied');
    expect(gateway.warnings).toHaveLength(1);
  });

  test('a closed commit finishes what it has and takes no more', async () => {
    const gateway = rig.addGateway();
    const last = Array.from({ length: 20 }, () => gateway.commit(ada.submission('task.create', make('last'))));
    const closing = gateway.commit.close();
    await expect(gateway.commit(ada.submission('task.create', make('too late')))).rejects.toMatchObject({
      code: 'unavailable',
    });
    await closing;
    expect((await Promise.all(last)).map(codeOf)).toEqual(Array(20).fill('applied'));
  });
});
