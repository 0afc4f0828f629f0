import { untrack } from 'svelte';
import type { PresenceState } from '@muster/protocol/client-events';
import type { Stored } from '@muster/protocol/entity';
import { scopeOf, type ScopeId } from '@muster/protocol/id';
import type { Role } from '@muster/protocol/principal';
import { AGENT_ID } from '@muster/protocol/principal';
import { localZone } from '../due/reader.svelte.ts';
import { AS_IT_COMES, type ListOptions } from './list-options.ts';
import type { Muster } from './muster.svelte.ts';
import { arrange, type Row } from './rows.ts';

/**
 * One list as a page shows it. Made by a component (its deriveds live as long as that component):
 * `const list = new ListState(app.muster, () => id, () => readListOptions(page.url))`.
 */
export class ListState {
  readonly #muster: Muster;
  readonly #id: () => string;
  readonly #options: () => ListOptions;
  readonly #collapsed: () => ReadonlySet<string>;

  constructor(
    muster: Muster,
    id: () => string,
    options: () => ListOptions = () => AS_IT_COMES,
    collapsed: () => ReadonlySet<string> = () => new Set(),
  ) {
    this.#muster = muster;
    this.#id = id;
    this.#options = options;
    this.#collapsed = collapsed;
  }

  get id(): string {
    return this.#id();
  }
  scope: ScopeId = $derived.by(() => scopeOf('list', this.#id()));
  entity: Stored<'list'> | undefined = $derived.by(() => this.#muster.get('list', this.#id()));
  title: string = $derived.by(() => this.entity?.value.title ?? '');
  isArchived: boolean = $derived.by(() => Boolean(this.entity?.value.archivedAt));

  /** This person's role; undefined while unknown, or without access. */
  role: Role | undefined = $derived.by(() => {
    const me = this.#muster.userId;
    if (me === undefined) return undefined;
    return (
      this.#muster.all(this.scope, 'member').find((member) => member.id === me)?.value.role ??
      this.#muster.get('membership', this.#id())?.value.role
    );
  });
  isOwner: boolean = $derived.by(() => this.role === 'owner');
  canEdit: boolean = $derived.by(() => this.role === 'owner' || this.role === 'editor');

  /** Every task of the list in its own order, sub-tasks and done ones among them. */
  tasks: readonly Stored<'task'>[] = $derived.by(() => this.#muster.all(this.scope, 'task'));
  #byId: ReadonlyMap<string, Stored<'task'>> = $derived.by(() => new Map(this.tasks.map((task) => [task.id, task])));
  #children: ReadonlyMap<string, Stored<'task'>[]> = $derived.by(() => {
    const children = new Map<string, Stored<'task'>[]>();
    for (const task of this.tasks) {
      const parent = task.value.parentId;
      if (parent === null) continue;
      const among = children.get(parent);
      if (among) among.push(task);
      else children.set(parent, [task]);
    }
    return children;
  });

  #zone: string = $derived.by(() => this.#muster.settings.zone ?? localZone());
  #rows: { open: Row[]; done: Row[] } = $derived.by(() =>
    arrange(this.tasks, this.#options(), { collapsed: this.#collapsed(), labels: this.labels, zone: this.#zone }),
  );
  /** What the grid shows: open tasks, each followed by its sub-tasks unless it is collapsed; filtered and sorted. */
  rows: Row[] = $derived.by(() => this.#rows.open);
  /** What stands behind "12 done". */
  doneRows: Row[] = $derived.by(() => this.#rows.done);

  doneCount: number = $derived.by(() => this.tasks.reduce((sum, task) => sum + (task.value.done ? 1 : 0), 0));
  openCount: number = $derived.by(() => this.tasks.length - this.doneCount);

  labels: readonly Stored<'label'>[] = $derived.by(() =>
    [...this.#muster.all(this.scope, 'label')].sort((a, b) => a.value.name.localeCompare(b.value.name)),
  );
  members: { id: string; role: Role; name: string }[] = $derived.by(() =>
    this.#muster
      .all(this.scope, 'member')
      .map(({ id, value }) => ({ id, role: value.role, name: this.#muster.nameOf(id) }))
      .sort((a, b) => a.name.localeCompare(b.name)),
  );
  /** Chats with the agent that the list's members share, newest first. */
  threads: readonly Stored<'thread'>[] = $derived.by(() =>
    [...this.#muster.all(this.scope, 'thread')]
      .filter((thread) => thread.value.status === 'open')
      .sort((a, b) => b.value.createdAt - a.value.createdAt),
  );
  /** Who else has this list open now. */
  others: { id: string; state: PresenceState }[] = $derived.by(() => {
    const me = this.#muster.userId;
    return this.#muster.presence(this.scope).filter((who) => who.id !== me && who.id !== AGENT_ID);
  });

  /** `loading` has content neither on disk nor from the server yet; `missing` is gone, or not ours to see. */
  state: 'loading' | 'ready' | 'missing' = $derived.by(() => {
    if (this.entity) return 'ready';
    const scope = this.#muster.scopeState(this.scope);
    return scope.state === 'gone' || scope.state === 'error' ? 'missing' : 'loading';
  });

  /** How far its log is seen now, as a seq. */
  get seq(): number | undefined {
    const scope = untrack(() => this.#muster.scopeState(this.scope));
    return scope.state === 'open' ? scope.seq : undefined;
  }

  task(id: string): Stored<'task'> | undefined {
    return this.#byId.get(id);
  }
  childrenOf(id: string): readonly Stored<'task'>[] {
    return this.#children.get(id) ?? [];
  }
  label(id: string): Stored<'label'> | undefined {
    return this.labels.find((label) => label.id === id);
  }
}
