import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { listScope, Rig, type Person } from '../../test/rig.ts';
import { createDatabase, type Database } from '../connection.ts';
import { createConflictRepository, type ConflictRepository } from './conflict.repository.ts';

let database: TestDatabase;
let rig: Rig;
let db: Database;
let conflicts: ConflictRepository;
let ada: Person;
let grace: Person;
let listId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = new Rig(database.url);
  db = createDatabase(rig.pool);
  conflicts = createConflictRepository(db);
});
afterAll(async () => {
  await rig.close();
  await database.drop();
});
beforeEach(async () => {
  [ada, grace] = [await rig.person(), await rig.person()];
  listId = await ada.list('Trip');
  await ada.letIn(grace, listId);
});

/** Both saw the task as it was made; Ada writes first, the other over it. */
async function overwritten(by: Person = grace, more: Record<string, unknown> = {}): Promise<string> {
  const id = await ada.task(listId, { title: 'Boat' });
  const [row] = await rig.rows<{ head_seq: number }>('select head_seq from scope where id = $1', [listScope(listId)]);
  const base = row!.head_seq;
  await ada.did('task.update', { id, fields: { title: 'Mine', ...more } }, { base });
  await by.did('task.update', { id, fields: { title: 'Theirs', ...more } }, { base });
  return id;
}
const listOf = (person: Person) => conflicts.listOf(person.id, undefined, 50);

test('tells the loser what was overwritten, by whom and with what, and nobody else', async () => {
  const id = await overwritten();
  expect(await listOf(ada)).toEqual([
    {
      id: expect.stringMatching(new RegExp(`^list:${listId}/\\d+/0$`)),
      listId,
      listTitle: 'Trip',
      taskId: id,
      taskTitle: 'Theirs',
      field: 'title',
      yours: 'Mine',
      theirs: 'Theirs',
      by: { id: grace.id, kind: 'person' },
      seq: expect.any(Number),
      at: expect.any(Number),
      canRestore: true,
    },
  ]);
  expect(await listOf(grace)).toEqual([]);
  expect(await conflicts.count(ada.id)).toBe(1);
});

test('counts each field by itself, a date that was set and one that was taken away', async () => {
  const id = await ada.task(listId);
  const [row] = await rig.rows<{ head_seq: number }>('select head_seq from scope where id = $1', [listScope(listId)]);
  const base = row!.head_seq;
  await ada.did('task.update', { id, fields: { notes: 'mine', due: { date: '2026-12-24' } } }, { base });
  await grace.did('task.update', { id, fields: { notes: 'hers', due: null, priority: 'high' } }, { base });
  const found = await listOf(ada);
  expect(found.map(({ field, yours, theirs }) => [field, yours, theirs]).sort()).toEqual([
    ['due', { date: '2026-12-24' }, null],
    ['notes', 'mine', 'hers'],
  ]);
});

test('comes newest first, page by page, each once', async () => {
  for (let n = 0; n < 5; n += 1) await overwritten();
  const all = await listOf(ada);
  expect(all).toHaveLength(5);
  expect(all.map(({ seq }) => seq)).toEqual(all.map(({ seq }) => seq).sort((a, b) => b - a));
  const first = await conflicts.listOf(ada.id, undefined, 2);
  const rest = await conflicts.listOf(ada.id, first.at(-1), 10);
  expect([...first, ...rest]).toEqual(all);
});

test('is dismissed for its loser alone, some or all, and stays so', async () => {
  await overwritten();
  await overwritten();
  const [newest, older] = await listOf(ada);
  await conflicts.dismiss(grace.id, [newest!.id]);
  await conflicts.dismiss(ada.id, [newest!.id, `list:${listId}/1/0`]);
  await conflicts.dismiss(ada.id, [newest!.id]);
  expect(await listOf(ada)).toEqual([older]);
  // What was not theirs to dismiss left no row either.
  expect(await rig.rows('select 1 from conflict_dismissal where scope_id = $1', [listScope(listId)])).toHaveLength(1);
  await conflicts.dismiss(ada.id, undefined);
  expect(await conflicts.count(ada.id)).toBe(0);
});

test('is seen by those who may see the list now, and restored by those who may change it', async () => {
  const cleo = await rig.person();
  await ada.letIn(cleo, listId);
  const id = await cleo.task(listId);
  const [row] = await rig.rows<{ head_seq: number }>('select head_seq from scope where id = $1', [listScope(listId)]);
  const base = row!.head_seq;
  await cleo.did('task.update', { id, fields: { title: 'Cleo’s' } }, { base });
  await grace.did('task.update', { id, fields: { title: 'Grace’s' } }, { base });
  expect(await listOf(cleo)).toMatchObject([{ yours: 'Cleo’s', canRestore: true }]);
  await ada.did('member.setRole', { listId, userId: cleo.id, role: 'viewer' });
  expect(await listOf(cleo)).toMatchObject([{ canRestore: false }]);
  await ada.did('member.remove', { listId, userId: cleo.id });
  expect(await listOf(cleo)).toEqual([]);
  expect(await conflicts.count(cleo.id)).toBe(0);
});

test('a task that was deleted has no name and cannot be restored; one that moved out of sight neither', async () => {
  const [deleted, moved] = [await overwritten(), await overwritten()];
  await ada.did('task.delete', { id: deleted });
  const hers = await grace.list('Hers');
  await grace.did('task.place', { id: moved, after: null, listId: hers });
  expect(await listOf(ada)).toMatchObject([
    { taskId: moved, taskTitle: null, canRestore: false, yours: 'Mine' },
    { taskId: deleted, taskTitle: null, canRestore: false, yours: 'Mine' },
  ]);
});

test('one’s own other device is told as oneself', async () => {
  const id = await ada.task(listId);
  const [row] = await rig.rows<{ head_seq: number }>('select head_seq from scope where id = $1', [listScope(listId)]);
  const base = row!.head_seq;
  await ada.did('task.update', { id, fields: { title: 'At home' } }, { base });
  const client = { clientId: crypto.randomUUID(), mid: 1, nonce: 'phone-1' };
  await rig.first.commit(ada.submission('task.update', { id, fields: { title: 'On the way' } }, { base, client }));
  expect(await listOf(ada)).toMatchObject([{ yours: 'At home', theirs: 'On the way', by: { id: ada.id } }]);
});
