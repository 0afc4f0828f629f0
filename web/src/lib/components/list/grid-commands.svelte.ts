import type { App } from '#lib/state/app.svelte.ts';
import type { ListState } from '#lib/state/list.svelte.ts';
import type { Row } from '#lib/state/rows.ts';
import type { GridFocus } from './grid-focus.svelte.ts';
import type { Held, Line } from './lines.ts';
import { indented, outdented, shifted, type Place } from './row-moves.ts';

/** So long a task that was just completed stays in its place: the eye sees what it did. */
const LINGER_MS = 700;

interface Options {
  app: App;
  list: ListState;
  focus: GridFocus;
  lines: () => readonly Line[];
  /** Whether rows stand in the list's own order, so that moving one means something. */
  isManual: () => boolean;
}

/** What the grid's keys, menus and gestures do to tasks. Every change is one intent, said to screen readers. */
export class GridCommands {
  readonly #options: Options;
  /** Rows that stay a moment longer: see {@link Held}. */
  held: ReadonlyMap<string, Held> = $state.raw(new Map());
  /** The last thing done, for screen readers. */
  said = $state('');

  constructor(options: Options) {
    this.#options = options;
  }

  get #canEdit(): boolean {
    const { list } = this.#options;
    if (!list.canEdit) this.said = 'You can view this list, but not change it.';
    return list.canEdit;
  }

  toggle(ids: readonly string[]): void {
    const { app, list } = this.#options;
    const tasks = ids.map((id) => list.task(id)).filter((task) => task !== undefined);
    if (tasks.length === 0 || !this.#canEdit) return;
    const done = tasks.some((task) => !task.value.done);
    if (done) this.#linger(ids);
    app.actions.complete(ids, done);
    this.#say(done ? 'Completed' : 'Reopened', ids, tasks[0]?.value.title);
  }

  remove(ids: readonly string[]): void {
    const { app, focus, list } = this.#options;
    if (ids.length === 0 || !this.#canEdit) return;
    const title = list.task(ids[0] ?? '')?.value.title;
    focus.leave(new Set(ids));
    focus.deselect();
    app.actions.remove(ids);
    this.#say('Deleted', ids, title);
  }

  shift(ids: readonly string[], by: -1 | 1): void {
    const { isManual } = this.#options;
    if (!this.#canEdit) return;
    if (!isManual()) {
      this.said = 'The list is sorted: tasks can be moved in its own order.';
      return;
    }
    this.#together(by > 0 ? 'Moved down' : 'Moved up', ids, () => {
      for (const id of by > 0 ? ids.toReversed() : ids) {
        const place = shifted(this.#siblings(), id, by);
        if (!place) break;
        this.place(id, place, by > 0 ? 'Moved down' : 'Moved up');
      }
    });
  }

  indent(ids: readonly string[]): void {
    if (!this.#canEdit) return;
    this.#together('Made a sub-task of', ids, () => {
      for (const id of ids) {
        const place = indented(this.#siblings(), id);
        if (place) this.place(id, place, 'Made a sub-task');
        else this.said = 'This task cannot become a sub-task here.';
      }
    });
  }

  outdent(ids: readonly string[]): void {
    if (!this.#canEdit) return;
    this.#together('Took out', ids, () => {
      for (const id of ids.toReversed()) {
        const place = outdented(this.#siblings(), id);
        if (place) this.place(id, place, 'Taken out');
      }
    });
  }

  place(id: string, place: Place, words = 'Moved'): void {
    const { app, list } = this.#options;
    app.actions.place(id, place);
    this.#say(words, [id], list.task(id)?.value.title);
  }

  /** Keeps a row in its place until it is let go, whatever becomes of its task. */
  hold(id: string): void {
    const lines = this.#options.lines();
    const at = lines.findIndex((line) => line.key === id);
    const line = lines[at];
    if (line?.kind !== 'row') return;
    const above = lines.slice(0, at).findLast((other) => other.kind === 'row');
    this.held = new Map([...this.held, [id, { row: line.row, above: above?.key ?? null }]]);
  }

  letGo(id: string): void {
    if (!this.held.has(id)) return;
    const held = new Map(this.held);
    held.delete(id);
    this.held = held;
  }

  /** The rows as they are, in which moves are reckoned: sub-tasks that are folded away stay where they are. */
  #siblings(): Row[] {
    return this.#options.lines().flatMap((line) => (line.kind === 'row' && !line.isGone ? [line.row] : []));
  }

  #linger(ids: readonly string[]): void {
    const { list, lines } = this.#options;
    // A sub-task stays under its parent; a task takes its sub-tasks along.
    for (const id of ids) {
      if (list.task(id)?.value.parentId !== null) continue;
      const family = [id, ...list.childrenOf(id).map((child) => child.id)].filter((one) =>
        lines().some((line) => line.key === one),
      );
      for (const one of family) this.hold(one);
      for (const one of family) this.#heldDone(one);
      setTimeout(() => family.forEach((one) => this.letGo(one)), LINGER_MS);
    }
  }

  /** What is held is drawn as it was; a completed task is drawn completed. */
  #heldDone(id: string): void {
    const held = this.held.get(id);
    if (!held || held.row.level === 2) return;
    const { row } = held;
    const task = { ...row.task, value: { ...row.task.value, done: true } };
    this.held = new Map([...this.held, [id, { ...held, row: { ...row, task } }]]);
  }

  /** A move of several is one step of undo. */
  #together(what: string, ids: readonly string[], run: () => void): void {
    const { app, list } = this.#options;
    const title = list.task(ids[0] ?? '')?.value.title ?? '';
    app.actions.together(ids.length > 1 ? `${what} ${ids.length} tasks` : `${what} “${title}”`, run);
  }

  #say(what: string, ids: readonly string[], title = 'task'): void {
    this.said = ids.length > 1 ? `${what} ${ids.length} tasks` : `${what}: ${title}`;
  }
}
