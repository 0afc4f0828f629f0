import type { BrokenCondition } from '@muster/protocol/condition';
import { MusterError } from '@muster/protocol/error';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FakeClient } from '../../../test/fake-client.ts';
import { IDS, offsite } from '../../../test/offsite.ts';
import { addEntries } from '../components/list/add-entries.ts';
import type { QuickAddEntry } from '../quick-add/types.ts';
import { Actions } from './actions.svelte.ts';
import { Muster } from './muster.svelte.ts';
import { Toasts } from './toasts.svelte.ts';
import { Undo } from './undo.svelte.ts';

let client: FakeClient;
let actions: Actions;
let undo: Undo;
let toasts: Toasts;

beforeEach(async () => {
  client = offsite();
  toasts = new Toasts();
  const muster = new Muster(client);
  undo = new Undo(muster, toasts, { get: () => Promise.reject(new Error('no server')) });
  actions = new Actions(muster, toasts, undo);
  await undo.open();
});
afterEach(() => undo.close());
afterEach(() => toasts.shown.forEach(({ id }) => toasts.dismiss(id)));

const entry = (title: string): QuickAddEntry => ({
  parsed: { title, due: null, priority: 'none', labelIds: [], newLabels: [], assigneeIds: [], tokens: [] },
  done: false,
  isChild: false,
});
const order = (): string[] =>
  client
    .all(`list:${IDS.offsite}`, 'task')
    .filter((task) => task.value.parentId === null && !task.value.done)
    .sort((a, b) => (a.value.pos < b.value.pos ? -1 : 1))
    .map((task) => task.id);

describe('what was done in this tab is undone', () => {
  it('a deletion, by the toast that offers it', () => {
    const [first] = order();
    actions.remove(first!);
    expect(client.get('task', first!)).toBeUndefined();
    expect(toasts.shown[0]?.text).toMatch(/^Deleted “Send the passport/);
    toasts.shown[0]?.action?.run();
    expect(client.get('task', first!)).toBeDefined();
    expect(client.sent.at(-1)).toEqual({ name: 'task.restore', args: { id: first } });
  });

  it('a completion, and done again', () => {
    const [first] = order();
    actions.complete(first!, true);
    undo.undo();
    expect(client.get('task', first!)?.value.done).toBe(false);
    undo.redo();
    expect(client.get('task', first!)?.value.done).toBe(true);
  });

  it('a move: the task stands again behind the one it stood behind', () => {
    const before = order();
    actions.place(before[3]!, { after: null });
    expect(order()[0]).toBe(before[3]);
    undo.undo();
    expect(order()).toEqual(before);
  });

  it('a move to another list, back to its place', () => {
    const before = order();
    actions.place(before[2]!, { after: null, listId: IDS.reading });
    expect(client.get('task', before[2]!)?.value.listId).toBe(IDS.reading);
    expect(toasts.shown.at(-1)?.text).toContain('Reading');
    undo.undo();
    expect(order()).toEqual(before);
  });

  it('archiving, labels and a changed title', () => {
    const [first] = order();
    actions.archiveList(IDS.offsite, true);
    undo.undo();
    expect(client.get('list', IDS.offsite)?.value.archivedAt).toBeNull();
    actions.update(first!, { title: 'Another' });
    undo.undo();
    expect(client.get('task', first!)?.value.title).toBe('Send the passport list to the hotel');
    const label = actions.ensureLabel(IDS.offsite, 'new one');
    actions.label(first!, { add: [label!] });
    undo.undo();
    expect(client.get('task', first!)?.value.labelIds).toEqual([]);
  });

  it('an older step, without those after it', () => {
    const [first, second] = order();
    actions.remove(first!);
    const toast = toasts.shown[0];
    actions.remove(second!);
    toast?.action?.run();
    expect(client.get('task', first!)).toBeDefined();
    expect(client.get('task', second!)).toBeUndefined();
  });
});

describe('what cannot be taken back', () => {
  const conflict = (more: Partial<BrokenCondition>): MusterError =>
    new MusterError('conflict', 'The title is another now.', {
      conflict: {
        type: 'task',
        id: order()[0]!,
        field: 'title',
        value: 'Raft',
        by: { id: IDS.grace, kind: 'person' },
        ...more,
      },
    });

  it('is said, with whose it is and what it is; the step leaves', () => {
    actions.update(order()[0]!, { title: 'Boat' });
    expect(undo.next.undo).toMatch(/^Renamed “Send/u);
    client.foreseen = conflict({});
    undo.undo();
    expect(toasts.shown.at(-1)).toMatchObject({
      tone: 'danger',
      text: 'Not undone: Grace Hopper has changed the title since, to “Raft”.',
    });
    expect(undo.next.undo).toBeUndefined();
    undo.undo();
    expect(toasts.shown.at(-1)?.text).toBe('There is nothing to undo.');
  });

  it('is left alone among others that go back', () => {
    const ids = order().slice(0, 3);
    actions.complete(ids, true);
    client.foreseen = conflict({ id: ids[2]!, field: 'done', value: false });
    undo.undo();
    expect(toasts.shown.at(-1)?.text).toMatch(
      /^Undone in part: completed 3 tasks\. Left alone: “.+”: Grace Hopper has reopened it since\.$/u,
    );
    expect(ids.map((id) => client.get('task', id)?.value.done)).toEqual([false, false, true]);
  });
});

it('takes several tasks added at once back at once, and names both steps in order', () => {
  const before = order();
  const add = (): void => {
    addEntries(actions, IDS.offsite, [entry('One'), entry('Two')], null);
  };
  add();
  expect(order()).toHaveLength(before.length + 2);
  expect(undo.next.undo).toBe('Added 2 tasks');
  undo.undo();
  expect(order()).toEqual(before);
  expect(undo.next).toEqual({ undo: undefined, redo: 'Added 2 tasks' });
  add();
  expect(undo.next.redo).toBeUndefined();
});

describe('what the rules foresee as refused', () => {
  it('is said, and leaves nothing to undo', () => {
    client.foreseen = new MusterError('forbidden', 'You can view this list, but not change it.');
    expect(actions.addTask(IDS.offsite, { title: 'x' })).toBeUndefined();
    expect(toasts.shown[0]).toMatchObject({ tone: 'danger', text: 'You can view this list, but not change it.' });
    expect(undo.next.undo).toBeUndefined();
  });

  it('but a fault of ours is not swallowed', () => {
    client.foreseen = new TypeError('ours');
    expect(() => actions.addTask(IDS.offsite, { title: 'x' })).toThrow('ours');
  });
});

it('finds a label by its name in any case before it makes one', () => {
  const made = vi.spyOn(client, 'mutate');
  expect(actions.ensureLabel(IDS.offsite, 'TRAVEL')).toBe('00000000-0000-7000-8000-000000000401');
  expect(made).not.toHaveBeenCalled();
});
