import { INTERNAL_COMMANDS } from '@muster/domain/internal-registry';
import { scopeOf } from '@muster/protocol/id';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { madeBy } from '../test/made-by.ts';
import { ADA, BEN, LIST, LIST_SCOPE, setUp, titles, uuid, type Setup } from '../test/setup.ts';
import { Journal } from './journal.ts';
import { createMemoryDisk, createMemoryStorage, type MemoryDisk } from './memory-storage.ts';
import { createMemorySteps, createStepDisk, type StepDisk } from './step-storage.ts';
import type { MusterClient } from './types.ts';

let world: Setup;
let disk: MemoryDisk;
let kept: StepDisk;
let client: MusterClient;
let journal: Journal;

beforeEach(async () => {
  world = setUp();
  disk = createMemoryDisk();
  kept = createStepDisk();
  client = world.client({ storage: createMemoryStorage(disk) });
  journal = new Journal({ client, storage: createMemorySteps(kept) });
  await client.start();
  await vi.waitFor(() => expect(client.scopeState(LIST_SCOPE)).toMatchObject({ isFresh: true }));
  await journal.load();
});
afterEach(async () => {
  await journal.close();
  await world.stop();
});

const idle = () => vi.waitFor(() => expect(client.status.pending).toBe(0));
function step(run: () => void): void {
  journal.add('A step', madeBy(client, run));
}
/** The server gives all tasks short keys again. */
const keyAnew = async () => {
  const was = client.get('task', uuid(4))?.value.pos;
  world.server.log(world.server.world.run(ADA, INTERNAL_COMMANDS['list.rebalance'], { listId: LIST }), ADA);
  await vi.waitFor(() => expect(client.get('task', uuid(4))?.value.pos).not.toBe(was));
};
async function threeTasks(): Promise<void> {
  // Keys far from those that a list keyed anew has.
  client.mutate('task.create', { id: uuid(1), listId: LIST, title: 'A', after: null });
  for (let n = 0; n < 30; n += 1) {
    client.mutate('task.create', { id: uuid(60 + n), listId: LIST, title: 'x', after: null });
    client.mutate('task.delete', { id: uuid(60 + n) });
    client.mutate('task.place', { id: uuid(1), after: null });
  }
  for (const [n, title] of [
    [2, 'B'],
    [3, 'C'],
    [4, 'D'],
  ] as const)
    client.mutate('task.create', { id: uuid(n), listId: LIST, title });
  await idle();
  expect(titles(client)).toEqual(['A', 'B', 'C', 'D']);
}

it('a list that was made is put away, and is back when it is done again; with another name it stays', async () => {
  const made = uuid(300);
  const isArchived = () => client.get('list', made)!.value.archivedAt !== null;
  step(() => client.mutate('list.create', { id: made, title: 'Boats' }));
  expect(journal.undo()?.refused).toEqual([]);
  expect(isArchived()).toBe(true);
  await idle();
  expect(journal.redo()?.refused).toEqual([]);
  await idle();
  expect(isArchived()).toBe(false);
  expect(journal.undo()?.refused).toEqual([]);
  await idle();
  expect(isArchived()).toBe(true);
  expect(journal.redo()?.refused).toEqual([]);
  expect(world.server.taken.filter(({ first }) => first.status === 'rejected')).toEqual([]);

  const other = uuid(301);
  step(() => client.mutate('list.create', { id: other, title: 'Ships' }));
  await idle();
  world.server.act(ADA, 'member.invite', { listId: other, email: 'ben@example.org', role: 'editor' });
  world.server.act(BEN, 'list.rename', { id: other, title: 'Fleet' });
  await vi.waitFor(() => expect(client.get('list', other)?.value.title).toBe('Fleet'));
  expect(journal.undo()?.refused[0]?.details?.conflict).toMatchObject({ field: 'title', by: { id: BEN } });
  expect(client.get('list', other)?.value.archivedAt).toBeNull();
});

it('a move goes back though the list was keyed anew since, while the task stands where it was put', async () => {
  await threeTasks();
  step(() => client.mutate('task.place', { id: uuid(4), after: uuid(1) }));
  await idle();
  expect(titles(client)).toEqual(['A', 'D', 'B', 'C']);
  await keyAnew();
  expect(titles(client)).toEqual(['A', 'D', 'B', 'C']);
  expect(journal.undo()?.refused).toEqual([]);
  expect(titles(client)).toEqual(['A', 'B', 'C', 'D']);
  await idle();
  await keyAnew();
  expect(journal.redo()?.refused).toEqual([]);
  await idle();
  expect(titles(client)).toEqual(['A', 'D', 'B', 'C']);
  expect(world.server.taken.filter(({ first }) => first.status === 'rejected')).toEqual([]);
});

it('a task that someone else moved after the list was keyed anew stays where they put it', async () => {
  await threeTasks();
  step(() => client.mutate('task.place', { id: uuid(4), after: uuid(1) }));
  await idle();
  await keyAnew();
  world.server.act(BEN, 'task.place', { id: uuid(4), after: uuid(2) });
  await vi.waitFor(() => expect(titles(client)).toEqual(['A', 'B', 'D', 'C']));
  expect(journal.undo()?.refused[0]?.details?.conflict).toMatchObject({ field: 'pos', by: { id: BEN } });
  expect(titles(client)).toEqual(['A', 'B', 'D', 'C']);
});

it('the steps of a guest are those of the person whom they sign up as, also in a journal that is opened later', async () => {
  step(() => client.mutate('task.create', { id: uuid(1), listId: LIST, title: 'A guest’s' }));
  step(() => client.mutate('membership.update', { listId: LIST, fields: { muted: true } }));
  await idle();
  await journal.close();
  await client.stop();
  // Carol is who the guest becomes.
  const CAROL = uuid(3);
  world.server.world.addPerson(CAROL);
  world.server.log(world.server.world.run(CAROL, INTERNAL_COMMANDS['guest.merge'], { guestId: ADA }), CAROL);
  world.server.was = [ADA];
  client = world.client({ storage: createMemoryStorage(disk), token: CAROL });
  let guestId: string | undefined;
  client.on('user', (_userId, was) => (guestId = was));
  await client.start();
  await vi.waitFor(() => expect(client.userId).toBe(CAROL));
  await vi.waitFor(() => expect(client.get('membership', LIST)?.scope).toBe(scopeOf('user', CAROL)));
  journal = new Journal({ client, storage: createMemorySteps(kept) });
  await journal.load(guestId);
  expect(journal.undo()?.refused).toEqual([]);
  expect(client.get('membership', LIST)?.value.muted).toBe(false);
  expect(journal.undo()?.refused).toEqual([]);
  expect(client.get('task', uuid(1))).toBeUndefined();
  await idle();
  expect(world.server.taken.filter(({ first }) => first.status === 'rejected')).toEqual([]);
  expect(kept.people.get(ADA)).toBeUndefined();
});
