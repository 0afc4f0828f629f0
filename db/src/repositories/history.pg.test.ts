import type { WireEntity } from '@muster/protocol/entity';
import { AGENT_ID } from '@muster/protocol/principal';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listScope, Rig, type Person } from '../../test/rig.ts';
import { createDatabase } from '../connection.ts';
import { createHistoryRepository, type HistoryRead, type PastList } from './history.repository.ts';

let database: TestDatabase;
let rig: Rig;
let ada: Person;
let grace: Person;
let history: ReturnType<typeof createHistoryRepository>;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = new Rig(database.url);
  const db = createDatabase(rig.pool);
  history = createHistoryRepository(db);
  ada = await rig.person();
  grace = await rig.person();
});
afterAll(async () => {
  await rig.close();
  await database.drop();
});

const read = async (person: Person, listId: string, search: Record<string, unknown> = {}): Promise<HistoryRead> => {
  const found = await history.listOf(person.id, listId, { limit: 50, ...search });
  if (!found) throw new Error('not visible');
  return found;
};
const past = async (listId: string, seq: number, after?: string): Promise<PastList> => {
  const found = await history.findAt(ada.id, listId, { seq }, after);
  if (!found || 'tooFar' in found) throw new Error(`not there: ${JSON.stringify(found)}`);
  return found;
};
const opsOf = ({ items }: HistoryRead) =>
  items.map(({ effects }) => effects.map(({ op, type }) => `${op} ${type}`).join());

describe('the history of a list', () => {
  test('tells newest first who did what, and what was there before', async () => {
    const list = await ada.list('Trip');
    await ada.letIn(grace, list);
    const id = await ada.task(list, { title: 'Boat' });
    await grace.did('task.update', { id, fields: { title: 'Confirm the boat' } });
    const { items, titles, next } = await read(grace, list);
    expect(items.map(({ seq }) => seq)).toEqual([4, 3, 2, 1]);
    expect(items[0]).toMatchObject({
      actor: { id: grace.id, kind: 'person' },
      effects: [{ op: 'patch', type: 'task', id, fields: { title: 'Confirm the boat' }, prev: { title: 'Boat' } }],
    });
    expect(items[1]?.effects).toMatchObject([{ op: 'put', id, prev: null }]);
    expect(titles).toEqual({ [id]: 'Confirm the boat' });
    expect(next).toBeUndefined();
  });

  test('comes in pages, and of one person alone', async () => {
    const list = await ada.list();
    await ada.letIn(grace, list);
    for (let n = 0; n < 4; n++) await ada.task(list);
    await grace.task(list);
    const seqs: number[] = [];
    for (let before: number | undefined = undefined, turns = 0; turns < 9; turns++) {
      const { items, next } = await read(ada, list, { limit: 3, before });
      seqs.push(...items.map(({ seq }) => seq));
      if (next === undefined) break;
      before = next;
    }
    expect(seqs).toEqual([7, 6, 5, 4, 3, 2, 1]);
    expect((await read(ada, list, { actorId: grace.id })).items.map(({ seq }) => seq)).toEqual([7]);
    expect((await read(ada, list, { actorId: ada.id, limit: 2 })).next).toBe(5);
  });

  test('ends where history is no longer kept, and passes over what was erased and what nobody did', async () => {
    const list = await ada.list();
    for (let n = 0; n < 3; n++) await ada.task(list);
    await rig.first.commit({
      actor: { id: AGENT_ID, kind: 'agent' },
      commands: [{ name: 'list.rebalance', args: { listId: list } }],
      trusted: true,
    });
    await rig.pool.query(`update change set effects = '[]', prev = '[]' where scope_id = $1 and seq = 3`, [
      listScope(list),
    ]);
    expect((await read(ada, list)).items.map(({ seq }) => seq)).toEqual([4, 2, 1]);
    await rig.pool.query('update scope set history_floor = 2 where id = $1', [listScope(list)]);
    expect((await read(ada, list)).items.map(({ seq }) => seq)).toEqual([4]);
    expect(await history.findAt(ada.id, list, { seq: 1 }, undefined)).toEqual({ tooFar: { from: 2, head: 5 } });
    expect(await history.findAt(ada.id, list, { at: 1 }, undefined)).toEqual({ tooFar: { from: 2, head: 5 } });
    expect(await past(list, 2)).toMatchObject({ seq: 2, from: 2, head: 5 });
  });

  test('a task has its own, with its sub-tasks, those that left it too', async () => {
    const list = await ada.list();
    const [parent, other] = [await ada.task(list), await ada.task(list)];
    const child = await ada.task(list, { parentId: parent });
    await ada.did('task.complete', { id: child, done: true });
    await ada.did('task.update', { id: other, fields: { title: 'Not here' } });
    const leaver = await ada.task(list, { parentId: parent });
    await ada.did('task.place', { id: leaver, after: null, parentId: null });
    await ada.did('task.update', { id: leaver, fields: { title: 'Not here either' } });
    await ada.did('task.delete', { id: parent });
    await ada.did('task.restore', { id: parent });
    const found = await read(ada, list, { taskId: parent });
    expect(opsOf(found)).toEqual([
      'put task,put task',
      'del task,del task',
      'patch task',
      'put task',
      'patch task',
      'put task',
      'put task',
    ]);
    expect(opsOf(await read(ada, list, { taskId: other }))).toEqual(['patch task', 'put task']);
  });

  test('a move reads from both ends, and names the other list to those who may see it', async () => {
    const [trip, home] = [await ada.list('Trip'), await ada.list('Home')];
    await ada.letIn(grace, home);
    const parent = await ada.task(trip);
    const child = await ada.task(trip, { parentId: parent });
    const { seqs } = await ada.did('task.place', { id: parent, after: null, listId: home });
    const [came] = (await read(ada, home)).items;
    const [left] = (await read(ada, trip)).items;
    expect(came?.txnId).toBe(left?.txnId);
    expect(came?.moved).toEqual([{ ids: [child, parent], listId: trip, title: 'Trip', seq: seqs[listScope(trip)] }]);
    expect(left?.moved).toEqual([{ ids: [parent, child], listId: home, title: 'Home', seq: seqs[listScope(home)] }]);
    expect((await read(grace, home)).items[0]?.moved).toEqual([{ ids: [child, parent] }]);
    // Its title in a list that one cannot see stays there.
    await ada.did('task.update', { id: parent, fields: { title: 'Secret' } });
    expect((await read(ada, trip, { taskId: parent })).titles).toEqual({});
    expect((await read(ada, trip, { taskId: parent })).items.map(({ seq }) => seq)).toEqual([4, 3, 2]);
  });

  test('what an agent did says for whom, and leads to its conversation only those who may read it', async () => {
    const list = await ada.list();
    await ada.letIn(grace, list);
    const thread = await ada.thread();
    const [message, task] = [v7(), v7()];
    const { hints } = await ada.did('message.send', { id: message, threadId: thread, text: 'plan' });
    const runId = (hints[0] as { runId: string }).runId;
    await rig.first.commit({
      actor: { id: AGENT_ID, kind: 'agent', for: ada.id },
      commands: [{ name: 'task.create', args: { id: task, listId: list, title: 'By the agent' } }],
      run: { runId, callId: 'call-1' },
    });
    expect((await read(ada, list)).items[0]).toMatchObject({
      actor: { id: AGENT_ID, kind: 'agent', for: ada.id },
      runId,
      threadId: thread,
    });
    const [seen] = (await read(grace, list)).items;
    expect(seen).toMatchObject({ runId });
    expect(seen).not.toHaveProperty('threadId');
  });

  test('strangers, absent and deleted lists get the same: nothing', async () => {
    const list = await ada.list();
    const eve = await rig.person();
    for (const [person, id] of [
      [eve, list],
      [ada, v7()],
    ] as const) {
      expect(await history.listOf(person.id, id, { limit: 5 })).toBeUndefined();
      expect(await history.findAt(person.id, id, { seq: 1 }, undefined)).toBeUndefined();
    }
    await ada.did('list.delete', { id: list });
    expect(await history.listOf(ada.id, list, { limit: 5 })).toBeUndefined();
    expect(await history.findAt(ada.id, list, { seq: 1 }, undefined)).toBeUndefined();
  });
});

describe('a list as it was', () => {
  // A seed, so that a failure can be run again.
  let seed = 20_261_121;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;
  const KEPT = new Set(['list', 'task', 'label', 'member']);
  const byKey = (entities: readonly WireEntity[]) =>
    Object.fromEntries(
      entities.filter(({ type }) => KEPT.has(type)).map(({ type, id, value }) => [`${type} ${id}`, value]),
    );

  test('equals what it was after every change, whatever was done', async () => {
    const lists: string[] = [];
    const tasks: string[] = [];
    const labels: string[] = [];
    const remembered = new Map<string, Record<string, unknown>>();
    // As a reader who follows folds them: what it holds after each change.
    const values = new Map<string, Record<string, Record<string, unknown>>>();
    let heard = rig.first.packets.length;
    const remember = (): void => {
      for (const { scope, changes } of rig.first.packets.slice(heard)) {
        if (!scope.startsWith('list:')) continue;
        for (const { seq, effects } of changes) {
          const held = { ...values.get(scope) };
          for (const effect of effects.filter(({ type }) => KEPT.has(type))) {
            const key = `${effect.type} ${effect.id}`;
            if (effect.op === 'put') held[key] = effect.value;
            else if (effect.op === 'patch') held[key] = { ...held[key], ...effect.fields };
            else delete held[key];
          }
          values.set(scope, held);
          remembered.set(`${scope} ${seq}`, held);
        }
      }
      heard = rig.first.packets.length;
    };
    for (const title of ['One', 'Two']) lists.push(await ada.list(title));
    const outcomes: Record<string, number> = {};
    for (let n = 0; n < 260; n++) {
      const [listId, id] = [pick(lists), pick(tasks) ?? v7()];
      const [name, args] = pick([
        () => {
          const made = v7();
          tasks.push(made);
          const parentId = random(3) === 0 ? pick(tasks) : undefined;
          return [
            'task.create',
            {
              id: made,
              listId,
              title: `t${n}`,
              after: pick([undefined, null, id]),
              ...(parentId && parentId !== made ? { parentId } : {}),
            },
          ];
        },
        () => [
          'task.update',
          {
            id,
            fields: pick([
              { title: `n${n}` },
              { notes: `n${n}`, title: `m${n}` },
              { due: { date: '2026-03-09', time: '10:00' } },
              { due: null },
              { priority: 'high' },
            ]),
          },
        ],
        () => [
          'task.place',
          {
            id,
            after: pick([null, ...tasks]),
            ...pick([{}, { listId }, { parentId: null }, { parentId: pick(tasks) ?? id }]),
          },
        ],
        () => ['task.complete', { id, done: random(2) === 0 }],
        () => ['task.delete', { id }],
        () => ['task.restore', { id }],
        () => ['task.assign', { id, add: [ada.id] }],
        () => ['task.label', { id, add: [pick(labels) ?? v7()] }],
        () => {
          const made = v7();
          labels.push(made);
          return ['label.create', { id: made, listId, name: `l${n}` }];
        },
        () => ['label.delete', { id: pick(labels) ?? v7() }],
        () => ['label.update', { id: pick(labels) ?? v7(), fields: { name: `k${n}` } }],
        () => ['list.rename', { id: listId, title: `List ${n}` }],
        () => ['member.setRole', { listId, userId: grace.id, role: pick(['viewer', 'editor']) }],
        () => ['member.remove', { listId, userId: grace.id }],
        () => ['invite', {}],
      ] as (() => [string, Record<string, unknown>])[])();
      if (name === 'invite') await ada.letIn(grace, listId);
      else {
        const { status } = await ada.do(name, args);
        const key = `${name} ${status}`;
        outcomes[key] = (outcomes[key] ?? 0) + 1;
      }
      remember();
    }
    // All of it did happen.
    for (const name of ['create', 'update', 'place', 'complete', 'delete', 'restore']) {
      expect(outcomes[`task.${name} applied`]).toBeGreaterThan(2);
    }
    expect(remembered.size).toBeGreaterThan(120);
    for (const [key, then] of remembered) {
      const [scope = '', seq] = key.split(' ');
      const found = await past(scope.slice('list:'.length), Number(seq));
      expect({ key, ...byKey(found.entities) }).toEqual({ key, ...then });
    }
    // By the clock: the last change of that time or before.
    const [mid] = await rig.rows<{ seq: number; at: number }>(
      'select max(seq) as seq, at from change where scope_id = $1 and seq <= 20 group by at order by 1 desc limit 1',
      [listScope(lists[0] ?? '')],
    );
    const byClock = await history.findAt(ada.id, lists[0] ?? '', { at: mid?.at }, undefined);
    expect(byClock).toMatchObject({ at: mid?.at });
  }, 60_000);

  test('a long list comes in pages, gone tasks in their places', async () => {
    const list = await ada.list();
    for (let n = 0; n < 6; n++) await ada.task(list, { title: `t${n}`, notes: 'x'.repeat(20_000) });
    const [{ entities }] = [await past(list, 7)];
    const ids = entities.filter(({ type }) => type === 'task').map(({ id }) => id);
    for (const id of ids.slice(1, 4)) await ada.did('task.delete', { id });
    await rig.pool.query('delete from task where id = $1', [ids[2]]);
    expect((await past(list, 7)).lost).toEqual([ids[2]]);
    expect((await past(list, 1)).lost).toEqual([]);
    await rig.pool.query(
      `insert into task select gen_random_uuid()::text, scope_id, null, title, repeat('y', 19999), done, done_at, due, priority, assignee_ids, label_ids,
        pos, created_at, created_by, null, null, '{}' from task, generate_series(1, 80) where id = $1`,
      [ids[0]],
    );
    const told: string[] = [];
    let pages = 0;
    for (let after: string | undefined; ; pages++) {
      const page: PastList = await past(list, 7, after);
      told.push(...page.entities.filter(({ type }) => type === 'task').map(({ id }) => id));
      expect(page.entities.some(({ type }) => type === 'list')).toBe(after === undefined);
      if (page.next === undefined) break;
      after = page.next;
    }
    expect(pages).toBeGreaterThan(0);
    expect(told).toEqual([...new Set(told)].sort());
    expect(told.filter((id) => ids.includes(id)).sort()).toEqual([...ids].sort());
    expect(told).toHaveLength(ids.length + 80 * 1);
  });
});
