import type { Outcome } from '@muster/client/types';
import type { Stored } from '@muster/protocol/entity';
import { scopeOf } from '@muster/protocol/id';
import type { Task } from '@muster/protocol/task';
import type { App } from '../state/app.svelte.ts';
import type { FieldDeed, FieldValues, Mentioned } from './deed.ts';
import { changedFields, planFields, type Intent, type StillThere } from './restore-plan.ts';

const stillThere = ({ muster }: App, listId: string): StillThere => ({
  isMember: (id) => muster.all(scopeOf('list', listId), 'member').some((member) => member.id === id),
  isLabel: (id) => muster.get('label', id)?.scope === scopeOf('list', listId),
});

const thenOf = ({ field, old }: FieldDeed): Partial<FieldValues> => ({ [field]: old });

/** Whether a field of a deed's one task could be made what it was before: it is there, and is not so. */
export function canRestoreField(app: App, deed: FieldDeed): boolean {
  const [mentioned, another] = deed.tasks;
  const task = mentioned && !another ? app.muster.get('task', mentioned.id) : undefined;
  return task !== undefined && planFields(task, thenOf(deed), stillThere(app, task.value.listId)).length > 0;
}

/** Makes a field what it was before the deed. One step to undo. */
export function restoreField(app: App, deed: FieldDeed): void {
  const task = app.muster.get('task', deed.tasks[0]?.id ?? '');
  if (task) give(app, task.value.title, planFields(task, thenOf(deed), stillThere(app, task.value.listId)));
}

/** How a task of a list's past stands to the present. */
export type Since =
  { since: 'same' } | { since: 'changed'; fields: string[] } | { since: 'gone' } | { since: 'moved'; to: string };

const NAMES: Record<string, string> = {
  ...{ title: 'title', notes: 'notes', due: 'due date', priority: 'priority', done: 'done' },
  ...{ assigneeIds: 'people', labelIds: 'labels' },
};

export function sinceThen({ muster }: Pick<App, 'muster'>, { id, value }: Stored<'task'>): Since {
  const now = muster.get('task', id);
  if (!now) return { since: 'gone' };
  if (now.value.listId !== value.listId)
    return { since: 'moved', to: muster.get('list', now.value.listId)?.value.title ?? 'another list' };
  const fields = changedFields(now.value, value).map((field) => NAMES[field] ?? field);
  if (now.value.parentId !== value.parentId) fields.push('place');
  return fields.length === 0 ? { since: 'same' } : { since: 'changed', fields };
}

/**
 * Makes a task what it was: a deleted one comes back, from its tombstone or, after that has gone (`isLost`), as a new
 * one; one that is there gets its fields back. One step to undo.
 */
export async function restoreTask(app: App, then: Stored<'task'>, isLost: boolean): Promise<void> {
  const { id, value } = then;
  const { muster } = app;
  const list = stillThere(app, value.listId);
  const live = muster.get('task', id);
  if (live) return give(app, value.title, planFields(live, value, list));
  if (isLost) return makeAnew(app, value);
  const outcomes: Promise<Outcome>[] = [];
  const fieldsOf = (back: Stored<'task'> | undefined): Intent[] => (back ? planFields(back, value, list) : []);
  offer(app, value.title, () => {
    const sent = app.actions.send('task.restore', { id });
    if (sent) outcomes.push(sent.outcome);
    sendAll(app, fieldsOf(muster.get('task', id)));
  });
  if (muster.get('task', id)) return;
  // This page did not see it go: the server brings it back, and then it is there with its change.
  const outcome = await outcomes[0];
  if (outcome?.status === 'applied') give(app, value.title, fieldsOf(await appeared(app, id)));
}

/** Brings deleted tasks back as they were when they went, each with the sub-tasks that went with it. */
export function bringBack(app: App, tasks: readonly Mentioned[]): void {
  const gone = tasks.filter(({ id }) => app.muster.get('task', id) === undefined);
  const words = gone.length === 1 ? `“${short(gone[0]?.title ?? '')}”` : `${gone.length} tasks`;
  app.actions.together(`Brought back ${words}`, () =>
    gone.forEach(({ id }) => app.actions.send('task.restore', { id })),
  );
}

const APPEARS_WITHIN_MS = 5_000;

/** The task, as soon as its change has arrived. */
function appeared({ muster }: App, id: string): Promise<Stored<'task'> | undefined> {
  const here = muster.get('task', id);
  if (here) return Promise.resolve(here);
  return new Promise((resolve) => {
    const end = (): void => {
      stop();
      clearTimeout(timer);
      resolve(muster.get('task', id));
    };
    const stop = muster.on('entities', () => {
      if (muster.get('task', id)) end();
    });
    const timer = setTimeout(end, APPEARS_WITHIN_MS);
  });
}

function makeAnew(app: App, { listId, parentId, title, notes, due, priority, assigneeIds, labelIds }: Task): void {
  const list = stillThere(app, listId);
  const parent = parentId === null ? undefined : app.muster.get('task', parentId);
  app.actions.addTask(listId, {
    title,
    ...(notes === '' ? {} : { notes }),
    ...(due === null ? {} : { due }),
    ...(parent?.value.listId === listId && parent.value.parentId === null ? { parentId } : {}),
    priority,
    assigneeIds: assigneeIds.filter(list.isMember),
    labelIds: labelIds.filter(list.isLabel),
  });
}

const give = (app: App, title: string, intents: Intent[]): void => offer(app, title, () => sendAll(app, intents));
const sendAll = ({ actions }: App, intents: Intent[]): void =>
  intents.forEach(({ name, args }) => actions.send(name, args as never));

/** Does it as one step, and says how to take it back. */
function offer({ undo, toasts }: App, title: string, run: () => void): void {
  const words = `Restored “${short(title)}”`;
  const step = undo.step(words, run);
  if (step) toasts.show(words, { action: { label: 'Undo', run: () => undo.undo(step) } });
}

const short = (title: string): string => (title.length > 40 ? `${title.slice(0, 39)}…` : title);
