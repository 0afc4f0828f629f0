import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { madeBy } from '../test/made-by.ts';
import { ADA, BEN, LIST, LIST_SCOPE, setUp, settled, titles, uuid, type Setup } from '../test/setup.ts';
import { createIndexedDbSteps } from './indexeddb-steps.ts';
import { Journal } from './journal.ts';
import { createMemoryDisk, createMemoryStorage, type MemoryDisk } from './memory-storage.ts';
import { createMemorySteps, createStepDisk, type StepStorage } from './step-storage.ts';
import type { MusterClient } from './types.ts';

const OTHER = uuid(101);

/** A tab: a client with its journal, as the page ties them. */
interface Tab {
  client: MusterClient;
  journal: Journal;
  /** One gesture. */
  step(label: string, run: (client: MusterClient) => void): string | undefined;
}

let world: Setup;
let disk: MemoryDisk;
let steps: () => StepStorage;
let journals: Journal[];

async function open(options: Parameters<Setup['client']>[0] = {}, storage = steps()): Promise<Tab> {
  const client = world.client({ storage: createMemoryStorage(disk), ...options });
  const journal = new Journal({ client, storage });
  journals.push(journal);
  await client.start();
  await vi.waitFor(() => expect(client.scopeState(LIST_SCOPE)).toMatchObject({ isFresh: true }));
  await journal.load();
  return {
    client,
    journal,
    step(label, run) {
      return journal.add(
        label,
        madeBy(client, () => run(client)),
      );
    },
  };
}

const add = (tab: Tab, n: number, title = `T${n}`, more: Record<string, unknown> = {}) =>
  tab.step(`Added “${title}”`, (client) => client.mutate('task.create', { id: uuid(n), listId: LIST, title, ...more }));
const rename = (tab: Tab, n: number, title: string) =>
  tab.step('Renamed', (client) => client.mutate('task.update', { id: uuid(n), fields: { title } }));
const value = (tab: Tab, n: number) => tab.client.get('task', uuid(n))?.value;
const idle = (...tabs: Tab[]) =>
  vi.waitFor(() => expect(tabs.map(({ client }) => client.status.pending)).toEqual(tabs.map(() => 0)));
const onServer = (n: number) => world.server.world.get('task', uuid(n))?.value;
const cut = () => {
  const { admit } = world.server;
  world.server.admit = () => {
    throw new Error('down');
  };
  for (const connection of [...world.server.connections]) connection.cut();
  return () => (world.server.admit = admit);
};

beforeEach(() => {
  world = setUp();
  disk = createMemoryDisk();
  const kept = createStepDisk();
  steps = () => createMemorySteps(kept);
  journals = [];
  world.server.act(ADA, 'list.create', { id: OTHER, title: 'Home' });
});
afterEach(async () => {
  for (const journal of journals) await journal.close();
  await world.stop();
});

describe('each kind of edit goes back and forth', () => {
  let tab: Tab;
  beforeEach(async () => {
    tab = await open();
    for (const n of [1, 2, 3, 4]) tab.client.mutate('task.create', { id: uuid(n), listId: LIST, title: `T${n}` });
    await idle(tab);
  });
  const look = () => ({
    tasks: [1, 2, 3, 4, 5, 6].map((n) => ({
      ...value(tab, n),
      pos: undefined,
      doneAt: undefined,
      createdAt: undefined,
    })),
    // As it shows: sub-tasks apart.
    order: [LIST_SCOPE, `list:${OTHER}` as const].map((scope) => {
      const all = titles(tab.client, scope);
      return [all.filter((title) => title !== 'child'), all.filter((title) => title === 'child')];
    }),
    labels: tab.client.all(LIST_SCOPE, 'label').map((label) => label.value),
    list: tab.client.get('list', LIST)?.value.title,
    isArchived: (tab.client.get('list', LIST)?.value.archivedAt ?? null) !== null,
    settings: tab.client.get('settings', ADA)?.value.theme ?? 'system',
    places: tab.client
      .all(`user:${ADA}`, 'membership')
      .map((membership) => [membership.id, membership.value.pos])
      .sort(),
    role: tab.client.all(LIST_SCOPE, 'member').map((member) => [member.id, member.value.role]),
  });

  const KINDS: Record<string, (client: MusterClient) => void> = {
    'a new task': (c) => c.mutate('task.create', { id: uuid(5), listId: LIST, title: 'new', after: uuid(2) }),
    'a pasted parent with its sub-task, in one': (c) => {
      c.mutate('task.create', { id: uuid(5), listId: LIST, title: 'parent' });
      c.mutate('task.create', { id: uuid(6), listId: LIST, title: 'child', parentId: uuid(5) });
      c.mutate('task.complete', { id: uuid(6), done: true });
    },
    'words, day and priority': (c) =>
      c.mutate('task.update', {
        id: uuid(1),
        fields: { title: 'x', notes: 'y', due: { date: '2027-01-01' }, priority: 'high' },
      }),
    'a completion': (c) => c.mutate('task.complete', { id: uuid(1), done: true }),
    'a deletion of several': (c) => [1, 3].forEach((n) => c.mutate('task.delete', { id: uuid(n) })),
    'a move': (c) => c.mutate('task.place', { id: uuid(4), after: null }),
    'a move of several, the last one first': (c) => {
      c.mutate('task.place', { id: uuid(4), after: uuid(1) });
      c.mutate('task.place', { id: uuid(3), after: uuid(1) });
    },
    'a sub-task made': (c) => c.mutate('task.place', { id: uuid(2), after: uuid(1), parentId: uuid(1) }),
    'a move to another list': (c) => c.mutate('task.place', { id: uuid(2), after: null, listId: OTHER }),
    'a new label on a task': (c) => {
      c.mutate('label.create', { id: uuid(50), listId: LIST, name: 'Sea' });
      c.mutate('task.label', { id: uuid(1), add: [uuid(50)] });
    },
    'an assignee': (c) => c.mutate('task.assign', { id: uuid(1), add: [BEN] }),
    'a list’s name': (c) => c.mutate('list.rename', { id: LIST, title: 'Market' }),
    'a list archived': (c) => c.mutate('list.archive', { id: LIST, archived: true }),
    'a role': (c) => c.mutate('member.setRole', { listId: LIST, userId: BEN, role: 'viewer' }),
    'the place of a list': (c) => c.mutate('membership.update', { listId: LIST, fields: { pos: 'zz' } }),
    'a setting': (c) => c.mutate('settings.update', { fields: { theme: 'dark' } }),
  };

  it.each(Object.keys(KINDS))('%s', async (kind) => {
    const before = look();
    expect(tab.step(kind, KINDS[kind]!)).toBeDefined();
    const after = look();
    expect(after).not.toEqual(before);
    for (const isConfirmed of [false, true]) {
      if (isConfirmed) await idle(tab);
      expect(tab.journal.undo()).toMatchObject({ label: kind, refused: [] });
      expect(look()).toEqual(before);
      if (isConfirmed) await idle(tab);
      expect(tab.journal.redo()).toMatchObject({ refused: [] });
      expect(look()).toEqual(after);
    }
    await idle(tab);
    expect(look()).toEqual(after);
    expect(tab.journal.undo()).toMatchObject({ refused: [] });
    await idle(tab);
    expect(look()).toEqual(before);
    expect(world.server.taken.filter(({ first }) => first.status === 'rejected')).toEqual([]);
  });

  it('a task with labels, assignee and sub-task comes back from another list with all of it', async () => {
    tab.client.mutate('label.create', { id: uuid(50), listId: LIST, name: 'Sea' });
    tab.client.mutate('task.label', { id: uuid(1), add: [uuid(50)] });
    tab.client.mutate('task.assign', { id: uuid(1), add: [BEN] });
    tab.client.mutate('task.create', { id: uuid(5), listId: LIST, title: 'child', parentId: uuid(1) });
    tab.client.mutate('task.label', { id: uuid(5), add: [uuid(50)] });
    await idle(tab);
    const before = look();
    tab.step('Moved', (c) => c.mutate('task.place', { id: uuid(1), after: null, listId: OTHER }));
    expect(value(tab, 1)).toMatchObject({ labelIds: [], assigneeIds: [] });
    await idle(tab);
    expect(tab.journal.undo()?.refused).toEqual([]);
    await idle(tab);
    expect(look()).toEqual(before);
    expect(tab.journal.redo()?.refused).toEqual([]);
    await idle(tab);
    expect(value(tab, 5)?.listId).toBe(OTHER);
  });
});

describe('what someone else changed since', () => {
  let tab: Tab;
  beforeEach(async () => {
    tab = await open();
    add(tab, 1, 'Boat');
    await idle(tab);
  });
  const refusal = () => tab.journal.undo()?.refused[0]?.details?.conflict;

  it('is left alone, by name and with what it is; the step leaves', async () => {
    rename(tab, 1, 'Ship');
    await idle(tab);
    world.server.act(BEN, 'task.update', { id: uuid(1), fields: { title: 'Raft' } });
    await vi.waitFor(() => expect(value(tab, 1)?.title).toBe('Raft'));
    expect(refusal()).toEqual({
      type: 'task',
      id: uuid(1),
      field: 'title',
      value: 'Raft',
      by: { id: BEN, kind: 'person' },
    });
    expect(onServer(1)?.title).toBe('Raft');
    expect(tab.journal.next).toMatchObject({ undo: { label: 'Added “Boat”' }, redo: undefined });
  });

  it('is left alone by the server, where this page has not heard of it', async () => {
    rename(tab, 1, 'Ship');
    await idle(tab);
    const heard: unknown[] = [];
    tab.client.on('rejected', ({ error }) => heard.push(error.details?.conflict));
    world.server.isDelivering = false;
    world.server.act(BEN, 'task.update', { id: uuid(1), fields: { title: 'Raft' } });
    expect(tab.journal.undo()).toMatchObject({ done: 1, refused: [] });
    await vi.waitFor(() => expect(heard).toMatchObject([{ field: 'title', value: 'Raft', by: { id: BEN } }]));
    expect(onServer(1)?.title).toBe('Raft');
    expect(tab.journal.next.redo).toBeUndefined();
  });

  it('is asked of the server where this page cannot know whose it is', async () => {
    rename(tab, 1, 'Ship');
    await idle(tab);
    await tab.journal.close();
    await tab.client.stop();
    world.server.act(BEN, 'task.update', { id: uuid(1), fields: { title: 'Raft' } });
    world.server.logs.set(LIST_SCOPE, world.server.logs.get(LIST_SCOPE)!.slice(-1));
    disk = createMemoryDisk();
    tab = await open();
    const heard: unknown[] = [];
    tab.client.on('rejected', ({ error }) => heard.push(error.details?.conflict));
    expect(value(tab, 1)?.title).toBe('Raft');
    expect(tab.journal.undo()).toMatchObject({ refused: [] });
    await vi.waitFor(() => expect(heard).toMatchObject([{ field: 'title', by: { id: BEN } }]));
    expect(value(tab, 1)?.title).toBe('Raft');
  });

  it('does not keep what they left alone from going back', async () => {
    tab.step('Changed', (c) => c.mutate('task.update', { id: uuid(1), fields: { notes: 'wooden' } }));
    await idle(tab);
    world.server.act(BEN, 'task.update', { id: uuid(1), fields: { title: 'Raft' } });
    await vi.waitFor(() => expect(value(tab, 1)?.title).toBe('Raft'));
    expect(tab.journal.undo()?.refused).toEqual([]);
    expect(value(tab, 1)).toMatchObject({ title: 'Raft', notes: '' });
  });

  it.each([
    ['edited', () => world.server.act(BEN, 'task.update', { id: uuid(1), fields: { notes: 'hers' } }), 'notes'],
    ['completed', () => world.server.act(BEN, 'task.complete', { id: uuid(1), done: true }), 'done'],
    [
      'gave a sub-task to',
      () => world.server.act(BEN, 'task.create', { id: uuid(9), listId: LIST, title: 'Oars', parentId: uuid(1) }),
      'children',
    ],
  ])('a new task that they %s is not deleted', async (_what, act, field) => {
    act();
    await settled();
    expect(refusal()).toMatchObject({ field });
    await idle(tab);
    expect(onServer(1)?.title).toBe('Boat');
  });

  it('a task that they moved stays where they moved it', async () => {
    for (const n of [2, 3]) tab.client.mutate('task.create', { id: uuid(n), listId: LIST, title: `T${n}` });
    tab.step('Moved', (c) => c.mutate('task.place', { id: uuid(1), after: uuid(2) }));
    await idle(tab);
    world.server.act(BEN, 'task.place', { id: uuid(1), after: uuid(3) });
    await vi.waitFor(() => expect(titles(tab.client)).toEqual(['T2', 'T3', 'Boat']));
    expect(refusal()).toMatchObject({ field: 'pos', by: { id: BEN } });
    expect(titles(tab.client)).toEqual(['T2', 'T3', 'Boat']);
  });

  it('labels and people that they added stay, only one’s own go', async () => {
    for (const n of [50, 51]) tab.client.mutate('label.create', { id: uuid(n), listId: LIST, name: `L${n}` });
    tab.step('Labelled', (c) => c.mutate('task.label', { id: uuid(1), add: [uuid(50)] }));
    await idle(tab);
    world.server.act(BEN, 'task.label', { id: uuid(1), add: [uuid(51)] });
    await vi.waitFor(() => expect(value(tab, 1)?.labelIds).toHaveLength(2));
    expect(tab.journal.undo()?.refused).toEqual([]);
    expect(value(tab, 1)?.labelIds).toEqual([uuid(51)]);
  });

  it('of several tasks, those that they touched stay and the others go back', async () => {
    for (const n of [2, 3]) tab.client.mutate('task.create', { id: uuid(n), listId: LIST, title: `T${n}` });
    tab.step('Completed 3 tasks', (c) =>
      [1, 2, 3].forEach((n) => c.mutate('task.complete', { id: uuid(n), done: true })),
    );
    await idle(tab);
    world.server.act(BEN, 'task.complete', { id: uuid(2), done: false });
    await vi.waitFor(() => expect(value(tab, 2)?.done).toBe(false));
    const taken = tab.journal.undo();
    expect(taken).toMatchObject({ done: 2, refused: [{ details: { conflict: { id: uuid(2), by: { id: BEN } } } }] });
    expect([1, 2, 3].map((n) => value(tab, n)?.done)).toEqual([false, false, false]);
    expect(tab.journal.redo()).toMatchObject({ done: 2 });
    expect([1, 2, 3].map((n) => value(tab, n)?.done)).toEqual([true, false, true]);
  });

  it('a label that another task bears by now stays', async () => {
    tab.step('Labelled', (c) => {
      c.mutate('label.create', { id: uuid(50), listId: LIST, name: 'Sea' });
      c.mutate('task.label', { id: uuid(1), add: [uuid(50)] });
    });
    world.server.act(ADA, 'task.create', { id: uuid(2), listId: LIST, title: 'T2' });
    await idle(tab);
    world.server.act(BEN, 'task.label', { id: uuid(2), add: [uuid(50)] });
    await vi.waitFor(() => expect(value(tab, 2)?.labelIds).toEqual([uuid(50)]));
    expect(tab.journal.undo()).toMatchObject({ done: 1, refused: [] });
    expect(tab.client.all(LIST_SCOPE, 'label')).toHaveLength(1);
  });
});

describe.each([
  [
    'in one process',
    () => {
      const kept = createStepDisk();
      return () => createMemorySteps(kept);
    },
  ],
  [
    'of one browser',
    () => {
      const name = `undo-${Math.random()}`;
      return () => createIndexedDbSteps(name);
    },
  ],
])('tabs %s', (_name, disks) => {
  beforeEach(() => (steps = disks()));

  it('take back in one what was done in the other, and do it again in the first', async () => {
    const [one, two] = [await open(), await open()];
    add(one, 1, 'Boat');
    rename(one, 1, 'Ship');
    await vi.waitFor(() => expect(two.journal.next.undo?.label).toBe('Renamed'));
    await vi.waitFor(() => expect(value(two, 1)?.title).toBe('Ship'));
    expect(two.journal.undo()).toMatchObject({ refused: [] });
    expect(value(two, 1)?.title).toBe('Boat');
    await vi.waitFor(() => expect(one.journal.next).toMatchObject({ redo: { label: 'Renamed' } }));
    await vi.waitFor(() => expect(value(one, 1)?.title).toBe('Boat'));
    expect(one.journal.redo()).toMatchObject({ refused: [] });
    await idle(one, two);
    expect(onServer(1)?.title).toBe('Ship');
    // A new edit in either is what counts now.
    two.journal.undo();
    await vi.waitFor(() => expect(one.journal.next.redo).toBeDefined());
    add(one, 2);
    await vi.waitFor(() => expect(two.journal.next.redo).toBeUndefined());
  });

  it('survive a reload, with the server down', async () => {
    const before = await open();
    add(before, 1, 'Boat');
    await idle(before);
    const up = cut();
    rename(before, 1, 'Ship');
    await before.journal.close();
    await before.client.stop();
    const client = world.client({ storage: createMemoryStorage(disk) });
    const journal = new Journal({ client, storage: steps() });
    journals.push(journal);
    await client.start();
    await journal.load();
    expect(client.get('task', uuid(1))?.value.title).toBe('Ship');
    expect(journal.undo()).toMatchObject({ label: 'Renamed', refused: [] });
    expect(client.get('task', uuid(1))?.value.title).toBe('Boat');
    world.server.act(BEN, 'task.update', { id: uuid(1), fields: { notes: 'hers' } });
    up();
    client.reconnect();
    await vi.waitFor(() => expect(client.status.pending).toBe(0));
    expect(onServer(1)).toMatchObject({ title: 'Boat', notes: 'hers' });
  });

  it('forget all at sign-out, of this person alone', async () => {
    const [one, two] = [await open(), await open()];
    add(one, 1);
    await vi.waitFor(() => expect(two.journal.next.undo).toBeDefined());
    const kept = steps();
    const step = {
      id: uuid(7),
      label: 'Ben’s',
      state: 'done' as const,
      order: 1,
      parts: [{ nonce: 'x', inverse: [] }],
    };
    await kept.save(BEN, [step], []);
    await one.journal.wipe();
    await vi.waitFor(() => expect(two.journal.next.undo).toBeUndefined());
    expect(await kept.load(ADA)).toEqual([]);
    expect(await kept.load(BEN)).toEqual([step]);
    await kept.close();
  });
});

it('what was done and undone offline arrives as it was left, though the server places and dates by itself', async () => {
  const tab = await open();
  add(tab, 1, 'Boat');
  add(tab, 2, 'Oars');
  await idle(tab);
  const up = cut();
  tab.step('Moved', (c) => c.mutate('task.place', { id: uuid(2), after: null }));
  tab.step('Archived', (c) => c.mutate('list.archive', { id: LIST, archived: true }));
  for (const label of ['Archived', 'Moved']) expect(tab.journal.undo()).toMatchObject({ label, refused: [] });
  // Someone else puts a task there meanwhile: the server's keys are others than were guessed.
  world.server.act(BEN, 'task.create', { id: uuid(3), listId: LIST, title: 'Sail', after: null });
  up();
  tab.client.reconnect();
  await idle(tab);
  expect(world.server.taken.filter(({ first }) => first.status === 'rejected')).toEqual([]);
  expect(titles(tab.client)).toEqual(['Sail', 'Boat', 'Oars']);
});

it('an edit that the server refuses cannot be taken back', async () => {
  const tab = await open();
  add(tab, 1, 'Boat');
  await idle(tab);
  world.server.isDelivering = false;
  world.server.act(BEN, 'task.delete', { id: uuid(1) });
  rename(tab, 1, 'Ship');
  expect(tab.journal.next.undo?.label).toBe('Renamed');
  await vi.waitFor(() => expect(tab.journal.next.undo?.label).toBe('Added “Boat”'));
});

it('keeps a hundred steps', async () => {
  const tab = await open();
  for (let n = 1; n <= 105; n += 1) add(tab, n);
  for (let n = 105; n > 5; n -= 1) expect(tab.journal.undo()).toMatchObject({ label: `Added “T${n}”` });
  expect(tab.journal.undo()).toBeUndefined();
});

it('takes back a run’s changes as one step, and leaves what people changed after it', async () => {
  const tab = await open();
  const task = (n: number, title: string) => ({ ...value(tab, n)!, title }) as never;
  for (const n of [1, 2]) tab.client.mutate('task.create', { id: uuid(n), listId: LIST, title: `T${n}` });
  await idle(tab);
  const edit = (n: number) => ({
    scope: LIST_SCOPE,
    type: 'task',
    id: uuid(n),
    before: task(n, `T${n}`),
    after: task(n, 'agent'),
  });
  const changes = [[edit(1)], [edit(2)]];
  for (const n of [1, 2]) world.server.act(ADA, 'task.update', { id: uuid(n), fields: { title: 'agent' } });
  world.server.act(BEN, 'task.update', { id: uuid(2), fields: { title: 'hers' } });
  await vi.waitFor(() => expect(titles(tab.client)).toEqual(['agent', 'hers']));
  const taken = tab.journal.takeBack('Took back the agent’s changes', changes);
  expect(taken).toMatchObject({ done: 1, refused: [{ details: { conflict: { id: uuid(2), by: { id: BEN } } } }] });
  expect(titles(tab.client)).toEqual(['T1', 'hers']);
  expect(tab.journal.undo()?.refused).toEqual([]);
  expect(titles(tab.client)).toEqual(['agent', 'hers']);
});
