import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Condition } from '@muster/protocol/condition';
import { runIdOf } from '@muster/domain/run-ids';
import { AGENT_ID } from '@muster/protocol/principal';
import { v7 } from 'uuid';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { codeOf, listScope, Rig, userScope, type Person } from '../../test/rig.ts';
import type { CommitOutcome } from './types.ts';

let database: TestDatabase;
let rig: Rig;
let ada: Person;
let grace: Person;
let listId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = new Rig(database.url, 2);
  ada = await rig.person();
  grace = await rig.person();
  listId = await ada.list();
  await ada.letIn(grace, listId);
});
afterAll(async () => {
  expect(await rig.faults()).toEqual([]);
  await rig.close();
  await database.drop();
});

/** The next mutation of Ada's client, under conditions. */
function doIf(ifStill: Condition[], name: string, args: unknown): Promise<CommitOutcome> {
  const mid = ++ada.mid;
  return rig.first.commit({
    actor: ada.actor,
    commands: [{ name, args, ifStill }],
    client: { clientId: ada.clientId, mid, nonce: `nonce-${mid}` },
  });
}
const rename = (id: string, title: string, ...ifStill: Condition[]) =>
  doIf(ifStill, 'task.update', { id, fields: { title } });
const conflict = (outcome: CommitOutcome) =>
  outcome.status === 'rejected' ? (outcome.error.details?.conflict ?? outcome.error.code) : outcome.status;
const titleIs = (id: string, title: string): Condition => ({ type: 'task', id, fields: { title } });

describe('a mutation with conditions', () => {
  test('is applied while they hold, and takes its mid either way', async () => {
    const id = await ada.task(listId);
    expect(await rename(id, 'Bread', titleIs(id, 'Milk'))).toMatchObject({ status: 'applied' });
    expect(conflict(await rename(id, 'Cheese', titleIs(id, 'Milk')))).toMatchObject({ field: 'title', value: 'Bread' });
    // The next mid is the next: the refused one took its own, and its answer is kept for a repeat.
    expect(codeOf(await ada.do('task.complete', { id, done: true }))).toBe('applied');
    const repeat = await rig.first.commit({
      actor: ada.actor,
      commands: [{ name: 'task.update', args: { id, fields: { title: 'Cheese' } }, ifStill: [titleIs(id, 'Milk')] }],
      client: { clientId: ada.clientId, mid: ada.mid - 1, nonce: `nonce-${ada.mid - 1}` },
    });
    expect(repeat).toMatchObject({ status: 'duplicate', first: { status: 'rejected', code: 'conflict' } });
  });

  test('names who wrote the field last, the latest of them, also where others wrote beside it', async () => {
    const id = await ada.task(listId);
    await grace.did('task.update', { id, fields: { title: 'Oat milk' } });
    await ada.did('task.update', { id, fields: { notes: 'two' } });
    expect(conflict(await rename(id, 'Bread', titleIs(id, 'Milk')))).toEqual({
      type: 'task',
      id,
      field: 'title',
      value: 'Oat milk',
      by: { id: grace.id, kind: 'person' },
    });
  });

  test('names the agent and for whom it acted', async () => {
    const id = await ada.task(listId);
    const actor = { id: AGENT_ID, kind: 'agent' as const, for: grace.id };
    await rig.first.commit({ actor, commands: [{ name: 'task.complete', args: { id, done: true } }] });
    const outcome = await doIf([{ type: 'task', id, fields: { done: false } }], 'task.delete', { id });
    expect(conflict(outcome)).toMatchObject({ field: 'done', by: actor });
  });

  test('hears of a change in the same batch, which the log does not hold yet', async () => {
    const id = await ada.task(listId);
    const [first, second] = await Promise.all([
      grace.do('task.update', { id, fields: { title: 'Hers' } }),
      rename(id, 'Mine', titleIs(id, 'Milk')),
    ]);
    expect(codeOf(first)).toBe('applied');
    expect(conflict(second)).toMatchObject({ value: 'Hers', by: { id: grace.id } });
  });

  test('is refused where the task was deleted, or has a sub-task that its author did not know of', async () => {
    const [gone, parent] = [await ada.task(listId), await ada.task(listId)];
    await grace.did('task.delete', { id: gone });
    expect(conflict(await rename(gone, 'x', titleIs(gone, 'Milk')))).toMatchObject({
      field: null,
      by: { id: grace.id },
    });
    const child = await grace.task(listId, { parentId: parent });
    const outcome = await doIf([{ type: 'task', id: parent, children: [] }], 'task.delete', { id: parent });
    expect(conflict(outcome)).toMatchObject({ field: 'children', value: [child] });
  });

  test('is refused where somebody wrote in the thread since, and says whose it is', async () => {
    const [threadId, own, other] = [v7(), v7(), v7()];
    await ada.did('thread.create', { id: threadId, listId, title: 'Plan' });
    await ada.did('message.send', { id: own, threadId, text: 'What is left?' });
    const untouched: Condition[] = [{ type: 'thread', id: threadId, children: [own, runIdOf(own)] }];
    expect(conflict(await doIf(untouched, 'thread.rename', { id: threadId, title: 'Plans' }))).toBe('applied');
    await grace.did('message.send', { id: other, threadId, text: 'The sails' });
    expect(conflict(await doIf(untouched, 'thread.delete', { id: threadId }))).toMatchObject({
      ...{ type: 'thread', field: 'children', by: { id: grace.id } },
    });
    const empty = v7();
    await ada.did('thread.create', { id: empty, listId, title: 'Nothing yet' });
    const outcome = await doIf([{ type: 'thread', id: empty, children: [] }], 'thread.delete', { id: empty });
    expect(conflict(outcome)).toBe('applied');
  });

  test('may depend on lists, labels, members, memberships and settings', async () => {
    const labelId = v7();
    await ada.did('label.create', { id: labelId, listId, name: 'Sea', color: 'green' });
    const all: Condition[] = [
      { type: 'list', id: listId, fields: { title: 'Trip' } },
      { type: 'label', id: labelId, fields: { name: 'Sea' } },
      { type: 'member', id: grace.id, scope: listScope(listId), fields: { role: 'editor' } },
      { type: 'membership', id: listId, scope: userScope(ada.id), fields: { muted: false } },
      { type: 'settings', id: ada.id, absent: true },
    ];
    expect(codeOf(await doIf(all, 'member.setRole', { listId, userId: grace.id, role: 'owner' }))).toBe('applied');
    await grace.did('list.rename', { id: listId, title: 'Hers' });
    expect(conflict(await doIf(all.slice(0, 1), 'list.archive', { id: listId, archived: true }))).toMatchObject({
      field: 'title',
      value: 'Hers',
      by: { id: grace.id },
    });
    expect(conflict(await doIf(all.slice(2, 3), 'list.archive', { id: listId, archived: true }))).toMatchObject({
      field: 'role',
      by: { id: ada.id },
    });
  });

  test('tells nothing of what its author may not see', async () => {
    const stranger = await rig.person();
    const secret = await stranger.task(await stranger.list('Hidden'), { title: 'A surprise' });
    const own = await ada.task(listId);
    for (const title of ['A surprise', 'a wrong guess']) {
      expect(conflict(await rename(own, 'x', titleIs(secret, title)))).toEqual({
        type: 'task',
        id: secret,
        field: null,
        value: null,
        by: null,
      });
    }
    expect(await rename(own, 'x', { type: 'task', id: secret, absent: true })).toMatchObject({ status: 'applied' });
  });

  test('is decided under the locks of all it speaks of: of two that exclude each other one goes through', async () => {
    const other = await ada.list('Home');
    // Both have their connections: one that connects first would come too late to meet the other.
    await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        rig.gateways[1]!.commit(ada.submission('task.create', { id: v7(), listId: other, title: `${n}` })),
      ),
    );
    const pairs = await Promise.all(
      Array.from({ length: 20 }, async () => [await ada.task(listId), await ada.task(other)] as [string, string]),
    );
    // Each completes its own while the other one is open, on two gateways at once.
    const complete = (at: 0 | 1, [own, rival]: [string, string]) =>
      rig.gateways[at]!.commit({
        actor: ada.actor,
        commands: [
          {
            name: 'task.complete',
            args: { id: own, done: true },
            ifStill: [{ type: 'task', id: rival, fields: { done: false } }],
          },
        ],
      });
    const outcomes = await Promise.all(
      pairs.map(([one, two]) => Promise.all([complete(0, [one, two]), complete(1, [two, one])])),
    );
    expect(outcomes.map((pair) => pair.map(codeOf).sort())).toEqual(pairs.map(() => ['applied', 'conflict']));
  });
});
