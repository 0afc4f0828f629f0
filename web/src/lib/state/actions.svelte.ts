import type { MutateOptions, Outcome } from '@muster/client/types';
import type { CommandArgs, CommandName } from '@muster/protocol/commands';
import type { Stored } from '@muster/protocol/entity';
import { MusterError } from '@muster/protocol/error';
import { scopeOf } from '@muster/protocol/id';
import type { Role } from '@muster/protocol/principal';
import type { LabelColor } from '@muster/protocol/label';
import { LABEL_COLORS } from '@muster/protocol/label';
import { v7 } from 'uuid';
import type { Muster } from './muster.svelte.ts';
import type { Toasts } from './toasts.svelte.ts';
import type { Step, Undo } from './undo.svelte.ts';

/** What a new task may say. `after`: a task's id, null for the top, left out for the end. */
export type NewTask = Omit<CommandArgs<'task.create'>, 'id' | 'listId'>;
/** The fields that `task.update` sets. */
export type TaskFields = CommandArgs<'task.update'>['fields'];

/**
 * Every intent of the page: one command (or a few) and its words, as one step of undo. Each paints at once; what the
 * rules foresee as rejected is said in a toast and changes nothing.
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
  send<N extends CommandName>(
    name: N,
    args: CommandArgs<N>,
    options?: MutateOptions,
  ): { mid: number; outcome: Promise<Outcome> } | false {
    try {
      return this.#muster.mutate(name, args, options);
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      this.#toasts.danger(error.message);
      return false;
    }
  }

  /** Whatever is changed meanwhile is taken back as one. */
  together(label: string, run: () => void): void {
    this.#undo.step(label, run);
  }

  /** @returns the new task's id, or undefined where it was refused */
  addTask(listId: string, task: NewTask): string | undefined {
    const id = v7();
    let isAdded = false;
    this.#undo.step(`Added ${quoted(task.title)}`, () => {
      isAdded = this.send('task.create', { ...task, id, listId }) !== false;
    });
    return isAdded ? id : undefined;
  }

  /** @param since how far the list was seen when the edit began: whoever wrote there later is told of it */
  update(ids: string | readonly string[], fields: TaskFields, since?: number): void {
    const tasks = this.#tasks(ids);
    const what = Object.keys(fields).length === 1 ? FIELD_WORDS[Object.keys(fields)[0] as keyof TaskFields] : undefined;
    this.#undo.step(what ? `${what} ${named(tasks)}` : `Changed ${named(tasks)}`, () =>
      tasks.forEach(({ id }) => this.send('task.update', { id, fields }, since === undefined ? {} : { base: since })),
    );
  }

  /** Done or open again; a completed task leaves for the fold, so a toast can fetch it back. */
  complete(ids: string | readonly string[], done: boolean): void {
    const tasks = this.#tasks(ids).filter((task) => task.value.done !== done);
    const label = `${done ? 'Completed' : 'Reopened'} ${named(tasks)}`;
    const step = this.#undo.step(label, () => tasks.forEach(({ id }) => this.send('task.complete', { id, done })));
    if (done) this.#offer(step);
  }

  remove(ids: string | readonly string[]): void {
    const tasks = this.#tasks(ids);
    this.#offer(
      this.#undo.step(`Deleted ${named(tasks)}`, () => tasks.forEach(({ id }) => this.send('task.delete', { id }))),
    );
  }

  /** Brings a deleted task back, with what was being written in it. @returns false where it cannot be */
  restore(id: string, title: string, fields: TaskFields = {}): boolean {
    let isBack = false;
    this.#undo.step(`Brought back ${quoted(title)}`, () => {
      isBack = this.send('task.restore', { id }) !== false;
      if (isBack && Object.keys(fields).length > 0) this.send('task.update', { id, fields });
    });
    return isBack;
  }

  /**
   * Puts a task behind `after` (null: on top), in its list or another, under a parent (null: under none; left out: as
   * it is).
   */
  place(id: string, to: { after: string | null; listId?: string; parentId?: string | null }): void {
    const task = this.#muster.get('task', id);
    if (!task) return;
    const isElsewhere = to.listId !== undefined && to.listId !== task.value.listId;
    const title = isElsewhere ? (this.#muster.get('list', to.listId ?? '')?.value.title ?? 'another list') : undefined;
    const label = title ? `Moved ${named([task])} to ${title}` : `Moved ${named([task])}`;
    const step = this.#undo.step(label, () => this.send('task.place', { id, ...to }));
    if (title) this.#offer(step);
  }

  label(ids: string | readonly string[], change: { add?: string[]; remove?: string[] }): void {
    const tasks = this.#tasks(ids);
    this.#undo.step(`${change.add ? 'Labelled' : 'Took a label off'} ${named(tasks)}`, () =>
      tasks.forEach(({ id }) => this.send('task.label', { id, ...change })),
    );
  }

  assign(ids: string | readonly string[], change: { add?: string[]; remove?: string[] }): void {
    const tasks = this.#tasks(ids);
    this.#undo.step(`${change.add ? 'Assigned' : 'Took someone off'} ${named(tasks)}`, () =>
      tasks.forEach(({ id }) => this.send('task.assign', { id, ...change })),
    );
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
    let isAdded = false;
    this.#undo.step(`Made ${quoted(title)}`, () => {
      isAdded = this.send('list.create', { id, title }) !== false;
    });
    return isAdded ? id : undefined;
  }

  renameList(id: string, title: string): void {
    const before = this.#muster.get('list', id)?.value.title;
    if (before === undefined || before === title) return;
    this.#undo.step(`Renamed ${quoted(before)}`, () => this.send('list.rename', { id, title }));
  }

  archiveList(id: string, archived: boolean): void {
    const title = this.#muster.get('list', id)?.value.title ?? 'the list';
    const label = `${archived ? 'Archived' : 'Brought back'} ${quoted(title)}`;
    this.#offer(this.#undo.step(label, () => this.send('list.archive', { id, archived })));
  }

  /** Where a list stands among the person's own. */
  placeList(id: string, pos: string): void {
    const title = this.#muster.get('list', id)?.value.title ?? 'a list';
    this.#undo.step(`Moved ${quoted(title)}`, () => this.send('membership.update', { listId: id, fields: { pos } }));
  }

  setRole(listId: string, userId: string, role: Role): void {
    this.#undo.step(`Changed the role of ${this.#muster.nameOf(userId)}`, () =>
      this.send('member.setRole', { listId, userId, role }),
    );
  }

  set(fields: CommandArgs<'settings.update'>['fields']): void {
    this.#undo.step('Changed a setting', () => this.send('settings.update', { fields }));
  }

  /** For good: the page asks before. */
  deleteList(id: string): boolean {
    return this.send('list.delete', { id }) !== false;
  }

  leaveList(id: string): boolean {
    const me = this.#muster.userId;
    return me !== undefined && this.send('member.remove', { listId: id, userId: me }) !== false;
  }

  /**
   * Begins a conversation with its first words: taken back as one, while nobody has answered.
   * @returns the new thread's id. Without a list it is one's own.
   */
  addThread(listId: string | undefined, title: string, text: string): string | undefined {
    const id = v7();
    const args = { id, ...(listId ? { listId } : {}), title };
    let isBegun = false;
    this.#undo.step(`Began the conversation ${quoted(title)}`, () => {
      isBegun = this.send('thread.create', args) !== false && this.ask(id, text) !== undefined;
    });
    return isBegun ? id : undefined;
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

  #offer(step: Step | undefined): void {
    if (step) this.#toasts.show(step.label, { action: { label: 'Undo', run: () => this.#undo.undo(step) } });
  }
}

const FIELD_WORDS: Record<keyof TaskFields, string> = {
  title: 'Renamed',
  notes: 'Changed the notes of',
  due: 'Changed the date of',
  priority: 'Changed the priority of',
};

const quoted = (title: string): string => `“${title.length > 40 ? `${title.slice(0, 39)}…` : title}”`;

const named = (tasks: readonly Stored<'task'>[]): string =>
  tasks.length > 1 ? `${tasks.length} tasks` : quoted(tasks[0]?.value.title ?? '');
