import type { HistoryPage, PastChange } from '@muster/protocol/http-history';
import { scopeOf } from '@muster/protocol/id';
import { AGENT_ID, type Profiles } from '@muster/protocol/principal';
import { untrack } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import { Past } from '../api/past.ts';
import { dueReader } from '../due/reader.svelte.ts';
import type { App } from '../state/app.svelte.ts';
import { groupChanges, type Group } from './group-changes.ts';
import { knownNames } from './known-names.ts';
import type { Teller } from './say.ts';

/** Whose history: a list's, one task's in it, of everyone or of one person or the agent. */
export interface Asked {
  listId: string;
  taskId?: string | undefined;
  actorId?: string | undefined;
}

const PAGE = 40;
/** A burst of changes is asked for once. */
const GATHER_MS = 150;
/** A page may be empty and go on: so many are fetched for one wish. */
const MOST_TRIES = 5;

/** History as a component shows it, page after page, new changes as they come. Made while a component is made. */
export class HistoryState {
  readonly #app: App;
  readonly #asked: () => Asked;
  #items: PastChange[] = $state.raw([]);
  #titles: HistoryPage['titles'] = $state.raw({});
  #profiles = new SvelteMap<string, Profiles[string]>();
  #next: string | undefined = $state();
  #turn = 0;
  /** `failed`: the server did not answer; what was read stays. */
  state: 'loading' | 'ready' | 'failed' = $state('loading');

  constructor(app: App, asked: () => Asked) {
    this.#app = app;
    this.#asked = asked;
    $effect(() => {
      const { listId, taskId, actorId } = asked();
      void [taskId, actorId];
      if (listId === '') return;
      untrack(() => void this.#begin());
    });
    $effect(() => this.#follow());
  }

  #names = $derived.by(() => knownNames(this.#items, this.#titles));
  groups: Group[] = $derived.by(() => groupChanges(this.#items, this.#names));
  get hasMore(): boolean {
    return this.#next !== undefined;
  }

  teller: Teller = $derived.by(() => {
    const { muster } = this.#app;
    const { listId, taskId } = this.#asked();
    const labels = new Map(muster.all(scopeOf('list', listId), 'label').map(({ id, value }) => [id, value.name]));
    return {
      nameOf: (id) => this.nameOf(id),
      labelName: (id) => labels.get(id) ?? this.#names.labels.get(id) ?? 'a label',
      selfId: muster.userId,
      reader: dueReader(muster.settings.zone),
      about: taskId,
    };
  });

  /** Those who left are known by what the server says of them. */
  nameOf(id: string): string {
    if (id === AGENT_ID) return 'Agent';
    const profile = this.#app.muster.profile(id) ?? this.#profiles.get(id);
    return profile?.name || (profile?.kind === 'guest' ? 'Guest' : 'A former member');
  }

  more = (): Promise<void> => this.#read(this.#next);
  retry = (): Promise<void> => (this.#items.length > 0 ? this.#catchUp() : this.#begin());

  async #begin(): Promise<void> {
    this.#turn++;
    this.#items = [];
    this.#next = undefined;
    await this.#read(undefined);
  }

  async #read(cursor: string | undefined): Promise<void> {
    const turn = this.#turn;
    this.state = 'loading';
    try {
      let from = cursor;
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const page = await this.#ask(from);
        if (turn !== this.#turn) return;
        this.#take([...this.#items, ...page.items], page);
        this.#next = from = page.next;
        if (page.items.length > 0 || page.next === undefined) break;
      }
      this.state = 'ready';
    } catch {
      if (turn === this.#turn) this.state = 'failed';
    }
  }

  /** Puts what is new before what is there; where more came than a page holds, it begins anew. */
  async #catchUp(): Promise<void> {
    const turn = this.#turn;
    const newest = this.#items[0]?.seq ?? 0;
    try {
      const page = await this.#ask(undefined);
      if (turn !== this.#turn) return;
      const fresh = page.items.filter(({ seq }) => seq > newest);
      if (fresh.length === page.items.length && page.next !== undefined) {
        this.#take(fresh, page);
        this.#next = page.next;
      } else this.#take([...fresh, ...this.#items], page);
      this.state = 'ready';
    } catch {
      if (turn === this.#turn) this.state = 'failed';
    }
  }

  #ask(cursor: string | undefined): Promise<HistoryPage> {
    const { listId, taskId, actorId } = this.#asked();
    return new Past(this.#app.api, listId).history({
      limit: PAGE,
      ...(cursor ? { cursor } : {}),
      ...(taskId ? { taskId } : {}),
      ...(actorId ? { actorId } : {}),
    });
  }

  #take(items: PastChange[], { titles, profiles }: HistoryPage): void {
    this.#titles = { ...this.#titles, ...titles };
    for (const [id, profile] of Object.entries(profiles)) this.#profiles.set(id, profile);
    this.#items = items;
  }

  /** New changes, as they come; and what was missed, once the connection is back. */
  #follow(): () => void {
    const { muster } = this.#app;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void this.#catchUp();
      }, GATHER_MS);
    };
    const stop = muster.on('change', (scope, change) => {
      const { listId, taskId } = this.#asked();
      if (scope !== scopeOf('list', listId)) return;
      const isOurs = change.effects.some((effect) => {
        const fields = effect.op === 'put' ? effect.value : effect.op === 'patch' ? effect.fields : {};
        const parent = fields['parentId'] ?? muster.get('task', effect.id)?.value.parentId;
        return taskId === undefined || effect.id === taskId || parent === taskId;
      });
      if (isOurs) soon();
    });
    if (muster.status.connection === 'online' && untrack(() => this.state) === 'failed') soon();
    return () => {
      clearTimeout(timer);
      stop();
    };
  }
}
