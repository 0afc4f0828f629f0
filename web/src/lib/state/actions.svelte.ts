import type { Outcome } from '@muster/client/types';
import { byPlace } from '@muster/domain/ordering';
import type { CommandArgs, CommandName } from '@muster/protocol/commands';
import type { Stored } from '@muster/protocol/entity';
import { MusterError } from '@muster/protocol/error';
import { scopeOf } from '@muster/protocol/id';
import type { LabelColor } from '@muster/protocol/label';
import { LABEL_COLORS } from '@muster/protocol/label';
import type { Task } from '@muster/protocol/task';
import { v7 } from 'uuid';
import type { Muster } from './muster.svelte.ts';
import type { Toasts } from './toasts.svelte.ts';
import type { Step, Undo } from './undo.svelte.ts';

/** What a new task may say. `after`: a task's id, null for the top, left out for the end. */
export type NewTask = Omit<CommandArgs<'task.create'>, 'id' | 'listId'>;
/** The fields that `task.update` sets. */
export type TaskFields = CommandArgs<'task.update'>['fields'];

/**
 * Every intent of the page: one command (or a few), its words, and its inverse. Each paints at once; what the rules
 * foresee as rejected is said in a toast and changes nothing. Undo sends new commands: it never rewinds others' work.
 */
export class Actions {
  readonly #muster: Muster;
  readonly #toasts: Toasts;
  readonly #undo: Undo;

  constructor(muster: Muster, toasts: Toasts, undo: Undo) {
    this.#muster = muster;
    this.#toasts = toasts;
    this.#undo = undo;
  }

  /** Sends a command. Returns false (and says why) where the rules foresee that it would be refused. */
  send<N extends CommandName>(name: N, args: CommandArgs<N>): { mid: number; outcome: Promise<Outcome> } | false {
    try {
      return this.#muster.mutate(name, args);
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      this.#toasts.danger(error.message);
      return false;
    }
  }

  /** @returns the new task's id, or undefined where it was refused */
  addTask(listId: string, task: NewTask): string | undefined {
    const id = v7();
    if (!this.send('task.create', { ...task, id, listId })) return undefined;
    this.#undo.push({
      label: 'Added',
      undo: () => this.send('task.delete', { id }),
      redo: () => this.send('task.restore', { id }),
    });
    return id;
  }

  update(id: string, fields: TaskFields): void {
    const task = this.#muster.get('task', id);
    if (!task) return;
    const before: Partial<Task> = {};
    for (const key of Object.keys(fields) as (keyof TaskFields)[]) Object.assign(before, { [key]: task.value[key] });
    if (!this.send('task.update', { id, fields })) return;
    this.#undo.push({
      label: 'Changed',
      undo: () => this.send('task.update', { id, fields: before as TaskFields }),
      redo: () => this.send('task.update', { id, fields }),
    });
  }

  /** Done or open again; a completed task leaves for the fold, so a toast can fetch it back. */
  complete(ids: string | readonly string[], done: boolean): void {
    const tasks = this.#tasks(ids).filter((task) => task.value.done !== done);
    const sent = tasks.filter((task) => this.send('task.complete', { id: task.id, done }));
    if (sent.length === 0) return;
    const each = (state: boolean): void => sent.forEach(({ id }) => this.send('task.complete', { id, done: state }));
    const step = { label: done ? 'Completed' : 'Reopened', undo: () => each(!done), redo: () => each(done) };
    this.#undo.push(step);
    if (done) this.#offer(step, `Completed ${named(sent)}`);
  }

  remove(ids: string | readonly string[]): void {
    const tasks = this.#tasks(ids);
    const sent = tasks.filter((task) => this.send('task.delete', { id: task.id }));
    if (sent.length === 0) return;
    const step = {
      label: 'Deleted',
      undo: () => sent.forEach(({ id }) => this.send('task.restore', { id })),
      redo: () => sent.forEach(({ id }) => this.send('task.delete', { id })),
    };
    this.#undo.push(step);
    this.#offer(step, `Deleted ${named(sent)}`);
  }

  /**
   * Puts a task behind `after` (null: on top), in its list or another, under a parent (null: under none; left out: as
   * it is).
   */
  place(id: string, to: { after: string | null; listId?: string; parentId?: string | null }): void {
    const task = this.#muster.get('task', id);
    if (!task) return;
    const back = {
      id,
      after: this.#before(task),
      parentId: task.value.parentId,
      ...(to.listId && to.listId !== task.value.listId ? { listId: task.value.listId } : {}),
    };
    if (!this.send('task.place', { id, ...to })) return;
    const step = {
      label: 'Moved',
      undo: () => this.send('task.place', back),
      redo: () => this.send('task.place', { id, ...to }),
    };
    this.#undo.push(step);
    if (back.listId) {
      const title = this.#muster.get('list', to.listId ?? '')?.value.title ?? 'another list';
      this.#offer(step, `Moved ${named([task])} to ${title}`);
    }
  }

  label(id: string, change: { add?: string[]; remove?: string[] }): void {
    if (!this.send('task.label', { id, ...change })) return;
    const back = swapped(change);
    this.#undo.push({
      label: 'Labelled',
      undo: () => this.send('task.label', { id, ...back }),
      redo: () => this.send('task.label', { id, ...change }),
    });
  }

  assign(id: string, change: { add?: string[]; remove?: string[] }): void {
    if (!this.send('task.assign', { id, ...change })) return;
    const back = swapped(change);
    this.#undo.push({
      label: 'Assigned',
      undo: () => this.send('task.assign', { id, ...back }),
      redo: () => this.send('task.assign', { id, ...change }),
    });
  }

  /** The label of that name in the list, made where there is none. */
  ensureLabel(listId: string, name: string, color?: LabelColor): string | undefined {
    const labels = this.#muster.all(scopeOf('list', listId), 'label');
    const found = labels.find((label) => label.value.name.toLowerCase() === name.trim().toLowerCase());
    if (found) return found.id;
    const id = v7();
    const fitting = color ?? LABEL_COLORS[1 + (labels.length % (LABEL_COLORS.length - 1))] ?? 'gray';
    return this.send('label.create', { id, listId, name, color: fitting }) ? id : undefined;
  }

  /** @returns the new list's id */
  addList(title: string): string | undefined {
    const id = v7();
    return this.send('list.create', { id, title }) ? id : undefined;
  }

  renameList(id: string, title: string): void {
    const before = this.#muster.get('list', id)?.value.title;
    if (before === undefined || before === title || !this.send('list.rename', { id, title })) return;
    this.#undo.push({
      label: 'Renamed',
      undo: () => this.send('list.rename', { id, title: before }),
      redo: () => this.send('list.rename', { id, title }),
    });
  }

  archiveList(id: string, archived: boolean): void {
    const title = this.#muster.get('list', id)?.value.title ?? 'the list';
    if (!this.send('list.archive', { id, archived })) return;
    const step = {
      label: archived ? 'Archived' : 'Brought back',
      undo: () => this.send('list.archive', { id, archived: !archived }),
      redo: () => this.send('list.archive', { id, archived }),
    };
    this.#undo.push(step);
    this.#offer(step, `${step.label} “${title}”`);
  }

  /** For good: the page asks before. */
  deleteList(id: string): boolean {
    return this.send('list.delete', { id }) !== false;
  }

  leaveList(id: string): boolean {
    const me = this.#muster.userId;
    return me !== undefined && this.send('member.remove', { listId: id, userId: me }) !== false;
  }

  /** @returns the new thread's id. Without a list it is one's own. */
  addThread(listId: string | undefined, title?: string): string | undefined {
    const id = v7();
    const args = { id, ...(listId ? { listId } : {}), ...(title ? { title } : {}) };
    return this.send('thread.create', args) ? id : undefined;
  }

  /** Asks the agent. @returns the message's id, from which the run's follows (domain/run-ids) */
  ask(threadId: string, text: string): string | undefined {
    const id = v7();
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    const args = { id, threadId, text, zone: timeZone, locale: navigator.language };
    return this.send('message.send', args) ? id : undefined;
  }

  #tasks(ids: string | readonly string[]): Stored<'task'>[] {
    const wanted = typeof ids === 'string' ? [ids] : ids;
    return wanted.map((id) => this.#muster.get('task', id)).filter((task) => task !== undefined);
  }

  /** The task that stands before this one among its siblings, or null. */
  #before(task: Stored<'task'>): string | null {
    const siblings = this.#muster
      .all(scopeOf('list', task.value.listId), 'task')
      .filter((other) => other.value.parentId === task.value.parentId);
    const place = { id: task.id, pos: task.value.pos };
    return siblings.filter((other) => byPlace({ id: other.id, pos: other.value.pos }, place) < 0).at(-1)?.id ?? null;
  }

  #offer(step: Step, text: string): void {
    this.#toasts.show(text, { action: { label: 'Undo', run: () => this.#undo.undo(step) } });
  }
}

const swapped = (change: { add?: string[]; remove?: string[] }): { add?: string[]; remove?: string[] } => ({
  ...(change.remove ? { add: change.remove } : {}),
  ...(change.add ? { remove: change.add } : {}),
});

function named(tasks: readonly Stored<'task'>[]): string {
  const title = tasks[0]?.value.title ?? '';
  if (tasks.length > 1) return `${tasks.length} tasks`;
  return `“${title.length > 40 ? `${title.slice(0, 39)}…` : title}”`;
}
