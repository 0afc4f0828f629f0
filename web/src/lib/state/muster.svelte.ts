import type {
  ClientEvents,
  ClientStatus,
  EntityChange,
  MusterClient,
  MutateOptions,
  RunHandle,
  ScopeHandle,
  ScopeState,
} from '@muster/client/types';
import type { PresenceState } from '@muster/protocol/client-events';
import type { CommandArgs, CommandName } from '@muster/protocol/commands';
import type { EntityType, Stored } from '@muster/protocol/entity';
import { scopeOf, type ScopeId } from '@muster/protocol/id';
import { AGENT_ID, type Profile } from '@muster/protocol/principal';
import type { RunStatus } from '@muster/protocol/run';
import { DEFAULT_SETTINGS, type Settings } from '@muster/protocol/settings';
import { Cells } from './cells.ts';
import { guardLeaving } from './leave-guard.ts';
import { renewPage } from './renew-page.ts';

/** Someone else's change to an entity, for its row to glow once. `nth` tells one glow from the next. */
export interface Glow {
  by: string;
  nth: number;
}

const GLOW_MS = 1_600;

/**
 * The sync client, for runes: every getter may be read in markup and in `$derived`, and is read again when what it
 * told has changed. One's own edits show in the same frame; those of others are gathered into one paint a frame.
 * Nothing here edits entities: that is {@link mutate} alone (see actions.svelte.ts for intents with undo).
 */
export class Muster {
  readonly #client: MusterClient;
  readonly #cells = new Cells();
  readonly #sorted = new Map<string, Stored[]>();
  readonly #glows = new Map<string, Glow>();
  readonly #dirty = new Set<string>();
  readonly #stops: (() => void)[] = [];
  #frame = 0;
  #glowed = 0;

  constructor(client: MusterClient) {
    this.#client = client;
    this.#stops.push(
      client.on('entities', (changes) => this.#entities(changes)),
      client.on('hydrated', () => this.#all()),
      client.on('scope', (scope) => this.#later(`scope:${scope}`)),
      client.on('status', () => this.#now('status')),
      client.on('presence', (scope) => this.#later(`presence:${scope}`)),
      client.on('profiles', (ids) => ids.forEach((id) => this.#later(`profile:${id}`))),
      client.on('user', () => this.#now('status')),
      guardLeaving(client),
      renewPage(client),
    );
  }

  /** For what works beside the page: the journal of undo. */
  get client(): MusterClient {
    return this.#client;
  }

  /** Hydrates and connects. */
  start = (): Promise<void> => this.#client.start();

  async stop(): Promise<void> {
    this.#stops.forEach((stop) => stop());
    cancelAnimationFrame(this.#frame);
    await this.#client.stop();
  }

  /** Signing out: what this browser holds of the person is wiped. */
  async forget(): Promise<void> {
    this.#stops.forEach((stop) => stop());
    cancelAnimationFrame(this.#frame);
    await this.#client.forget();
  }

  reconnect = (): void => this.#client.reconnect();

  get status(): ClientStatus {
    this.#cells.track('status');
    return this.#client.status;
  }

  get userId(): string | undefined {
    this.#cells.track('status');
    return this.#client.userId;
  }

  get settings(): Settings {
    const id = this.userId;
    const found = id === undefined ? [] : this.all(scopeOf('user', id), 'settings');
    // What an older page or server kept lacks the newer ones.
    return { ...DEFAULT_SETTINGS, ...found[0]?.value };
  }

  get<T extends EntityType>(type: T, id: string): Stored<T> | undefined {
    this.#cells.track(`${type}:${id}`);
    return this.#client.get(type, id);
  }

  /** All entities of a type in a scope, in order: tasks and memberships by place, the rest by id. Do not change it. */
  all<T extends EntityType>(scope: ScopeId, type: T): readonly Stored<T>[] {
    const key = `all:${scope}:${type}`;
    this.#cells.track(key);
    let sorted = this.#sorted.get(key);
    if (!sorted) {
      sorted = this.#client.all(scope, type).sort(byOrder);
      this.#sorted.set(key, sorted);
    }
    return sorted as Stored<T>[];
  }

  profile(id: string): Profile | undefined {
    this.#cells.track(`profile:${id}`);
    return this.#client.profile(id) ?? (id === AGENT_ID ? { name: 'Agent', image: null, kind: 'agent' } : undefined);
  }

  /** See MusterClient.search. */
  search(words: string, most?: number): Stored<'task'>[] {
    this.#cells.track('search');
    return this.#client.search(words, most);
  }

  /** A name that can always be shown. */
  nameOf(id: string): string {
    const profile = this.profile(id);
    return profile?.name || (profile?.kind === 'guest' ? 'Guest' : 'Someone');
  }

  scopeState(scope: ScopeId): ScopeState {
    this.#cells.track(`scope:${scope}`);
    return this.#client.scopeState(scope);
  }

  /** Who is in the scope now, this person included. */
  presence(scope: ScopeId): { id: string; state: PresenceState }[] {
    this.#cells.track(`presence:${scope}`);
    return this.#client.presence.of(scope);
  }

  setPresence(scope: ScopeId, state: PresenceState | null): void {
    this.#client.presence.set(scope, state);
  }

  /** The glow of an entity that someone else has just changed. */
  glow(id: string): Glow | undefined {
    this.#cells.track(`glow:${id}`);
    return this.#glows.get(id);
  }

  /** Follows a scope until the handle is closed. Lists of one's memberships are followed already. */
  open(scope: ScopeId): ScopeHandle {
    return this.#client.open(scope);
  }

  /** Queues an intent and shows it at once. Throws what the client foresees as rejected. */
  mutate<N extends CommandName>(
    name: N,
    args: CommandArgs<N>,
    options?: MutateOptions,
  ): ReturnType<MusterClient['mutate']> {
    return this.#client.mutate(name, args, options);
  }

  watchRun(runId: string): RunHandle {
    return this.#client.watchRun(runId);
  }

  stopRun(runId: string): Promise<{ status: RunStatus }> {
    return this.#client.stopRun(runId);
  }

  /** Answers a run's question whether a tool may be used; the first decision wins. */
  decideRun(runId: string, callId: string, approve: boolean, remember?: boolean): Promise<{ status: RunStatus }> {
    return this.#client.decideRun(runId, callId, approve, remember);
  }

  on<E extends keyof ClientEvents>(event: E, listener: ClientEvents[E]): () => void {
    return this.#client.on(event, listener);
  }

  #entities(changes: EntityChange[]): void {
    for (const { scope, type, id, origin, by } of changes) {
      const keys = [`${type}:${id}`, `all:${scope}:${type}`];
      for (const key of keys) {
        this.#sorted.delete(key);
        if (origin === 'local') this.#now(key);
        else this.#later(key);
      }
      if (type === 'task' || type === 'list') this.#later('search');
      if (origin === 'remote' && by && by.id !== this.#client.userId) this.#glow(id, by.id);
    }
  }

  #all(): void {
    this.#sorted.clear();
    this.#dirty.clear();
    this.#cells.touchAll();
  }

  #glow(id: string, by: string): void {
    const glow = { by, nth: ++this.#glowed };
    this.#glows.set(id, glow);
    this.#later(`glow:${id}`);
    setTimeout(() => {
      if (this.#glows.get(id) !== glow) return;
      this.#glows.delete(id);
      this.#cells.touch(`glow:${id}`);
    }, GLOW_MS);
  }

  #now(key: string): void {
    this.#dirty.delete(key);
    this.#cells.touch(key);
  }

  #later(key: string): void {
    this.#dirty.add(key);
    // A hidden tab gets no frames; it has no paints to save either.
    if (document.hidden) this.#flush();
    else this.#frame ||= requestAnimationFrame(() => this.#flush());
  }

  #flush(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const keys = [...this.#dirty];
    this.#dirty.clear();
    for (const key of keys) this.#cells.touch(key);
  }
}

function byOrder(a: Stored, b: Stored): number {
  const left = 'pos' in a.value ? a.value.pos : '';
  const right = 'pos' in b.value ? b.value.pos : '';
  return left < right ? -1 : left > right ? 1 : a.id < b.id ? -1 : 1;
}
