import type { Edit } from '@muster/client/edits';
import type {
  ClientEvents,
  ClientStatus,
  EntityChange,
  MusterClient,
  Outcome,
  RunHandle,
  RunView,
} from '@muster/client/types';
import type { PresenceState } from '@muster/protocol/client-events';
import type { CommandName } from '@muster/protocol/commands';
import type { EntityType, EntityTypes, Stored } from '@muster/protocol/entity';
import { parseScope, type ScopeId } from '@muster/protocol/id';
import type { Profile } from '@muster/protocol/principal';
import { posBetween } from '@muster/domain/ordering';

type Args = Record<string, unknown>;

/** A client without a server, for tests of components: it applies a few commands by itself, and plays others' changes. */
export class FakeClient implements MusterClient {
  readonly clientId = '00000000-0000-4000-8000-0000000000c1';
  status: ClientStatus = {
    connection: 'online',
    pending: 0,
    since: null,
    isBehind: false,
    error: null,
    storage: 'ok',
    estimate: null,
  };
  readonly sent: { name: CommandName; args: Args; base?: number }[] = [];
  /** Thrown by the next `mutate`, as a rejection that the client foresees. */
  foreseen: Error | undefined;
  readonly userId: string;
  readonly profiles = new Map<string, Profile>();
  readonly whoIs = new Map<ScopeId, { id: string; state: PresenceState }[]>();
  readonly runs = new Map<string, RunView>();
  readonly seqs = new Map<ScopeId, number>();
  readonly #entities = new Map<string, Stored>();
  readonly #removed = new Map<string, Stored>();
  readonly #listeners = new Map<string, Set<(...args: never[]) => void>>();
  readonly #runListeners = new Map<string, Set<(view: RunView) => void>>();

  constructor(userId: string) {
    this.userId = userId;
  }

  start = (): Promise<void> => Promise.resolve();
  stop = (): Promise<void> => Promise.resolve();
  reconnect = (): void => {};
  forget = (): Promise<void> => Promise.resolve();
  open = (scope: ScopeId) => ({ scope, ready: Promise.resolve(), close: () => {} });
  scopeState = (scope: ScopeId) => {
    const isThere = [...this.#entities.values()].some((entity) => entity.scope === scope);
    if (isThere || scope.startsWith('user:'))
      return { state: 'open' as const, seq: this.seqs.get(scope) ?? 1, isFresh: true };
    return { state: 'gone' as const, reason: 'removed' as const };
  };

  /** Members of several lists have one id: the scope tells them apart. */
  #key = (scope: ScopeId | undefined, type: EntityType, id: string): string =>
    type === 'member' ? `${type}:${id}@${scope}` : `${type}:${id}`;

  get<T extends EntityType>(type: T, id: string): Stored<T> | undefined {
    return this.#entities.get(`${type}:${id}`) as Stored<T> | undefined;
  }
  all<T extends EntityType>(scope: ScopeId, type: T): Stored<T>[] {
    return [...this.#entities.values()].filter(
      (entity) => entity.scope === scope && entity.type === type,
    ) as Stored<T>[];
  }
  search = (words: string): Stored<'task'>[] => {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    if (wanted.length === 0) return [];
    const tasks = [...this.#entities.values()].filter((entity): entity is Stored<'task'> => entity.type === 'task');
    return tasks
      .filter(({ value }) => wanted.every((word) => `${value.title} ${value.notes}`.toLowerCase().includes(word)))
      .sort((a, b) => Number(a.value.done) - Number(b.value.done));
  };
  profile = (id: string): Profile | undefined => this.profiles.get(id);

  presence = {
    set: (scope: ScopeId, state: PresenceState | null): void => {
      const others = (this.whoIs.get(scope) ?? []).filter((who) => who.id !== this.userId);
      this.whoIs.set(scope, state ? [...others, { id: this.userId, state }] : others);
      this.#emit('presence', scope);
    },
    of: (scope: ScopeId) => this.whoIs.get(scope) ?? [],
  };

  mutate: MusterClient['mutate'] = (name, args, { base } = {}) => {
    if (this.foreseen) {
      const error = this.foreseen;
      this.foreseen = undefined;
      throw error;
    }
    this.sent.push({ name, args: args as Args, ...(base === undefined ? {} : { base }) });
    const before = new Map(this.#entities);
    this.#apply(name, args as Args);
    this.#emit('made', { nonce: `nonce-${this.sent.length}`, name, args, edits: editsSince(before, this.#entities) });
    const outcome: Outcome = { mid: this.sent.length, status: 'applied', seqs: {} };
    return { mid: this.sent.length, nonce: `nonce-${this.sent.length}`, outcome: Promise.resolve(outcome) };
  };

  watchRun = (runId: string): RunHandle => {
    const views = this.runs;
    const listeners = this.#runListeners.get(runId) ?? new Set();
    this.#runListeners.set(runId, listeners);
    return {
      get view() {
        return views.get(runId);
      },
      subscribe: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      ready: Promise.resolve(),
      close: () => {},
    };
  };
  stopRun = () => Promise.resolve({ status: 'stopped' as const });
  decideRun = () => Promise.resolve({ status: 'queued' as const });

  on<E extends keyof ClientEvents>(event: E, listener: ClientEvents[E]): () => void {
    const all = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, all);
    all.add(listener as (...args: never[]) => void);
    return () => void all.delete(listener as (...args: never[]) => void);
  }

  /** Puts an entity there: as it was found, or by someone else just now. */
  put<T extends EntityType>(
    scope: ScopeId,
    type: T,
    id: string,
    value: EntityTypes[T],
    by?: { id: string; kind: string },
  ): void {
    this.#entities.set(this.#key(scope, type, id), { scope, type, id, value });
    this.#tell([{ scope, type, id, origin: by ? 'remote' : 'hydrate', ...(by ? { by } : {}) }]);
  }
  del(type: EntityType, id: string, by?: { id: string; kind: string }): void {
    const found = this.#entities.get(`${type}:${id}`);
    if (!found) return;
    this.#entities.delete(`${type}:${id}`);
    this.#removed.set(`${type}:${id}`, found);
    this.#tell([{ scope: found.scope, type, id, origin: by ? 'remote' : 'local', ...(by ? { by } : {}) }]);
  }
  setStatus(change: Partial<ClientStatus>): void {
    this.status = { ...this.status, ...change };
    this.#emit('status', this.status);
  }
  setRun(view: RunView): void {
    this.runs.set(view.runId, view);
    this.#runListeners.get(view.runId)?.forEach((listener) => listener(view));
  }
  reject(...args: Parameters<ClientEvents['rejected']>): void {
    this.#emit('rejected', ...args);
  }

  #apply(name: CommandName, args: Args): void {
    const id = String(args['id'] ?? args['listId']);
    switch (name) {
      case 'list.create': {
        const list = { title: String(args['title']), archivedAt: null, createdAt: Date.now() };
        this.#patch(`list:${id}`, 'list', id, list);
        this.#patch(`list:${id}`, 'member', this.userId, { role: 'owner' });
        this.#patch(`user:${this.userId}`, 'membership', id, {
          role: 'owner',
          pos: `z${Date.now()}`,
          muted: false,
          seenSeq: 1,
        });
        break;
      }
      case 'list.rename':
        return this.#patch(`list:${id}`, 'list', id, { title: args['title'] });
      case 'list.archive':
        return this.#patch(`list:${id}`, 'list', id, { archivedAt: args['archived'] ? Date.now() : null });
      case 'task.create': {
        const listId = String(args['listId']);
        const base = {
          parentId: null,
          notes: '',
          done: false,
          doneAt: null,
          due: null,
          priority: 'none',
          assigneeIds: [],
          labelIds: [],
        };
        const rest = {
          createdAt: Date.now(),
          createdBy: this.userId,
          pos: this.#posIn(listId, args['after'] as string | null | undefined),
        };
        return this.#patch(`list:${listId}`, 'task', id, { ...base, ...rest, ...args });
      }
      case 'task.update':
      case 'label.update':
        return this.#patch(undefined, name === 'task.update' ? 'task' : 'label', id, args['fields'] as Args);
      case 'task.complete':
        return this.#patch(undefined, 'task', id, { done: args['done'], doneAt: args['done'] ? Date.now() : null });
      case 'task.place': {
        const listId = String(args['listId'] ?? this.get('task', id)?.value.listId);
        const { after, parentId } = args as { after: string | null; parentId?: string | null };
        return this.#patch(`list:${listId}`, 'task', id, {
          listId,
          pos: this.#posIn(listId, after, id),
          ...(parentId === undefined ? {} : { parentId }),
        });
      }
      case 'task.delete':
        return this.del('task', id);
      case 'task.restore': {
        const gone = this.#removed.get(`task:${id}`);
        if (gone) this.#patch(gone.scope, 'task', id, gone.value as unknown as Args);
        return;
      }
      case 'task.label':
      case 'task.assign': {
        const key = name === 'task.label' ? 'labelIds' : 'assigneeIds';
        const had = new Set(this.get('task', id)?.value[key]);
        for (const add of (args['add'] as string[] | undefined) ?? []) had.add(add);
        for (const remove of (args['remove'] as string[] | undefined) ?? []) had.delete(remove);
        return this.#patch(undefined, 'task', id, { [key]: [...had] });
      }
      case 'label.create':
        return this.#patch(`list:${String(args['listId'])}`, 'label', id, {
          name: args['name'],
          color: args['color'] ?? 'gray',
        });
      case 'membership.update':
        return this.#patch(undefined, 'membership', id, args['fields'] as Args);
      case 'settings.update':
        return this.#patch(`user:${this.userId}`, 'settings', this.userId, args['fields'] as Args);
      case 'thread.create': {
        const scope: ScopeId = args['listId'] ? `list:${String(args['listId'])}` : `user:${this.userId}`;
        const thread = {
          kind: 'chat',
          title: args['title'] ?? '',
          status: 'open',
          createdAt: Date.now(),
          createdBy: this.userId,
        };
        return this.#patch(scope, 'thread', id, thread);
      }
      case 'message.send': {
        const text = String(args['text']);
        return this.#patch(`thread:${String(args['threadId'])}`, 'message', id, {
          ...{ role: 'user', authorId: this.userId, parts: [{ type: 'text', text }], text },
          ...{ parentId: null, runId: null, fileIds: [], createdAt: Date.now() },
        });
      }
      default:
        return;
    }
  }

  #patch(scope: ScopeId | undefined, type: EntityType, id: string, fields: Args): void {
    const had = this.#entities.get(this.#key(scope, type, id));
    const where = scope ?? had?.scope;
    if (!where) return;
    const value = { ...had?.value, ...fields } as unknown as Stored['value'];
    this.#entities.set(this.#key(where, type, id), { scope: where, type, id, value });
    this.#tell([{ scope: where, type, id, origin: 'local' }]);
  }

  #posIn(listId: string, after: string | null | undefined, except?: string): string {
    const poses = this.all(`list:${listId}`, 'task')
      .filter((task) => task.id !== except)
      .sort((a, b) => (a.value.pos < b.value.pos ? -1 : 1));
    const at =
      after === undefined ? poses.length : after === null ? 0 : poses.findIndex((task) => task.id === after) + 1;
    return posBetween(poses[at - 1]?.value.pos ?? null, poses[at]?.value.pos ?? null);
  }

  #tell(changes: EntityChange[]): void {
    this.#emit('entities', changes);
  }
  #emit<E extends keyof ClientEvents>(event: E, ...args: Parameters<ClientEvents[E]>): void {
    this.#listeners
      .get(event)
      ?.forEach((listener) => (listener as unknown as (...args: Parameters<ClientEvents[E]>) => void)(...args));
  }
}

type Entities = ReadonlyMap<string, Stored>;

function editsSince(before: Entities, after: Entities): Edit[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key));
  return keys.map((key) => {
    const [was, is] = [before.get(key), after.get(key)];
    const { scope, type, id } = (is ?? was) as Stored;
    return { scope, type, id, before: was?.value as Edit['before'], after: is?.value as Edit['after'] };
  });
}

/** The id behind a scope's colon. */
export const idOf = (scope: ScopeId): string => parseScope(scope).id;
