import { posBetween } from '@muster/domain/ordering';
import type { Stored } from '@muster/protocol/entity';
import { scopeOf } from '@muster/protocol/id';
import type { Role } from '@muster/protocol/principal';
import { wallClock } from '@muster/domain/dates/calendar';
import type { Muster } from './muster.svelte.ts';
import { dueKey } from './rows.ts';

/** A list as the sidebar shows it. */
export interface ListSummary {
  id: string;
  title: string;
  role: Role;
  pos: string;
  openCount: number;
  isArchived: boolean;
  /** It changed while this person was not looking. */
  isUnseen: boolean;
}

/** A task among those of all lists. */
export interface ViewTask {
  task: Stored<'task'>;
  list: ListSummary;
}

/** All lists of the person, and what is asked over all of them: computed here, from what this browser holds. */
export class Lists {
  readonly #muster: Muster;
  readonly #now: () => number;

  constructor(muster: Muster, now: () => number) {
    this.#muster = muster;
    this.#now = now;
  }

  #all: ListSummary[] = $derived.by(() => {
    const me = this.#muster.userId;
    if (me === undefined) return [];
    return this.#muster
      .all(scopeOf('user', me), 'membership')
      .map(({ id, value }) => this.#summary(id, value.role, value.pos, value.seenSeq))
      .filter((list) => list !== undefined);
  });
  /** In the person's own order. */
  active: ListSummary[] = $derived(this.#all.filter((list) => !list.isArchived));
  archived: ListSummary[] = $derived(this.#all.filter((list) => list.isArchived));

  #open: ViewTask[] = $derived.by(() =>
    this.active.flatMap((list) =>
      this.#muster
        .all(scopeOf('list', list.id), 'task')
        .filter((task) => !task.value.done)
        .map((task) => ({ task, list })),
    ),
  );
  #zone: string = $derived.by(() => this.#muster.settings.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  #today: string = $derived.by(() => wallClock(this.#now(), this.#zone).date);

  #dated: { view: ViewTask; key: string }[] = $derived.by(() =>
    this.#open.flatMap((view) => {
      const key = dueKey(view.task.value, this.#zone);
      return key === undefined ? [] : [{ view, key }];
    }),
  );
  /** Due today or before. */
  today: ViewTask[] = $derived.by(() => inOrder(this.#dated.filter(({ key }) => key.slice(0, 10) <= this.#today)));
  /** Due after today. */
  upcoming: ViewTask[] = $derived.by(() => inOrder(this.#dated.filter(({ key }) => key.slice(0, 10) > this.#today)));
  /** What is undated comes last. */
  assigned: ViewTask[] = $derived.by(() => {
    const me = this.#muster.userId ?? '';
    const mine = this.#open.filter(({ task }) => task.value.assigneeIds.includes(me));
    return inOrder(mine.map((view) => ({ view, key: dueKey(view.task.value, this.#zone) ?? '~' })));
  });

  find(id: string): ListSummary | undefined {
    return this.#all.find((list) => list.id === id);
  }

  /** What the client finds among all tasks, each with its list. */
  search(words: string, most = 100): ViewTask[] {
    const lists = new Map(this.#all.map((list) => [scopeOf('list', list.id), list]));
    return this.#muster.search(words, most).flatMap((task) => {
      const list = lists.get(task.scope);
      return list ? [{ task, list }] : [];
    });
  }

  /** The key of a list behind another (null: on top). It is the person's own, so it is made here. */
  posBehind(id: string, after: string | null): string | undefined {
    const others = this.active.filter((list) => list.id !== id);
    const at = after === null ? 0 : others.findIndex((list) => list.id === after) + 1;
    const before = others[at - 1]?.pos ?? null;
    const next = others[at]?.pos ?? null;
    return before !== null && next !== null && before >= next ? undefined : posBetween(before, next);
  }

  #summary(id: string, role: Role, pos: string, seenSeq: number): ListSummary | undefined {
    const list = this.#muster.get('list', id);
    if (!list) return undefined;
    const scope = scopeOf('list', id);
    const state = this.#muster.scopeState(scope);
    return {
      id,
      title: list.value.title,
      role,
      pos,
      openCount: this.#muster.all(scope, 'task').reduce((sum, task) => sum + (task.value.done ? 0 : 1), 0),
      isArchived: list.value.archivedAt !== null,
      isUnseen: state.state === 'open' && state.seq > seenSeq,
    };
  }
}

const inOrder = (views: { view: ViewTask; key: string }[]): ViewTask[] =>
  views.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ view }) => view);
