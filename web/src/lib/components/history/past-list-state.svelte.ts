import type { EntityTypes, Stored } from '@muster/protocol/entity';
import { MusterError } from '@muster/protocol/error';
import type { ListAt } from '@muster/protocol/http-history';
import { scopeOf } from '@muster/protocol/id';
import { untrack } from 'svelte';
import { Past } from '#lib/api/past.ts';
import { dueReader, localZone } from '#lib/due/reader.svelte.ts';
import { groupChanges } from '#lib/history/group-changes.ts';
import { knownNames } from '#lib/history/known-names.ts';
import { plain, sayDeed, sayWho, type Teller } from '#lib/history/say.ts';
import type { App } from '#lib/state/app.svelte.ts';
import { AS_IT_COMES } from '#lib/state/list-options.ts';
import { arrange } from '#lib/state/rows.ts';
import { AGENT_ID } from '@muster/protocol/principal';

/** A slider that is moved asks once it rests. */
const RESTS_MS = 120;
/** Moments that were looked at a while ago are asked for again. */
const MOST_KEPT = 30;

/** A list after one of its changes. Made while a component is made. */
export class PastListState {
  readonly #app: App;
  readonly #listId: () => string;
  readonly #kept = new Map<number, ListAt>();
  /** What is shown: the moment before stays until the next one is there. */
  shown: ListAt | undefined = $state.raw();
  error: MusterError | undefined = $state.raw();
  #turn = 0;

  constructor(app: App, listId: () => string, seq: () => number) {
    this.#app = app;
    this.#listId = listId;
    $effect(() => {
      const [id, wanted] = [listId(), seq()];
      const wait = untrack(() => this.shown) && !this.#kept.has(wanted) ? RESTS_MS : 0;
      const timer = setTimeout(() => void this.#look(id, wanted), wait);
      return () => clearTimeout(timer);
    });
  }

  retry = (seq: number): Promise<void> => this.#look(this.#listId(), seq);

  async #look(listId: string, seq: number): Promise<void> {
    const turn = ++this.#turn;
    try {
      const found = this.#kept.get(seq) ?? (await new Past(this.#app.api, listId).at(seq));
      this.#kept.set(seq, found);
      const oldest = this.#kept.size > MOST_KEPT ? this.#kept.keys().next().value : undefined;
      if (oldest !== undefined) this.#kept.delete(oldest);
      if (turn !== this.#turn) return;
      this.shown = found;
      this.error = undefined;
    } catch (error) {
      if (turn === this.#turn) this.error = error instanceof MusterError ? error : new MusterError('internal', '');
    }
  }

  #of<T extends 'task' | 'label' | 'list'>(type: T): Stored<T>[] {
    const scope = scopeOf('list', this.#listId());
    return (this.shown?.items ?? [])
      .filter((entity) => entity.type === type)
      .map(({ id, value }) => ({ scope, type, id, value: value as unknown as EntityTypes[T] }));
  }

  title: string = $derived.by(() => this.#of('list')[0]?.value.title ?? '');
  labels: Stored<'label'>[] = $derived.by(() => this.#of('label'));
  tasks: Stored<'task'>[] = $derived.by(() =>
    this.#of('task').sort((a, b) =>
      a.value.pos < b.value.pos ? -1 : a.value.pos > b.value.pos ? 1 : a.id < b.id ? -1 : 1,
    ),
  );
  rows = $derived.by(() =>
    arrange(this.tasks, AS_IT_COMES, {
      collapsed: new Set(),
      labels: this.labels,
      zone: this.#app.muster.settings.zone ?? localZone(),
    }),
  );

  /** What the change of this moment was, in words: "Grace renamed “Boat” to “Ship”". */
  words: string = $derived.by(() => {
    const change = this.shown?.change;
    if (!this.shown || !change) return '';
    const names = knownNames([change], this.shown.titles);
    const teller = this.#teller(new Map(this.labels.map(({ id, value }) => [id, value.name])));
    return groupChanges([change], names)
      .map(
        ({ actor, deeds }) =>
          `${sayWho(actor, teller)} ${deeds.map((deed) => plain(sayDeed(deed, teller))).join(', ')}`,
      )
      .join('; ');
  });

  nameOf(id: string): string {
    if (id === AGENT_ID) return 'Agent';
    const profile = this.#app.muster.profile(id) ?? this.shown?.profiles[id];
    return profile?.name || (profile?.kind === 'guest' ? 'Guest' : 'A former member');
  }

  #teller(labels: Map<string, string>): Teller {
    const { muster } = this.#app;
    return {
      nameOf: (id) => this.nameOf(id),
      labelName: (id) => labels.get(id) ?? 'a label',
      selfId: muster.userId,
      reader: dueReader(muster.settings.zone),
    };
  }
}
