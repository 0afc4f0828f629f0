import type { Change, Overwrote } from '@muster/protocol/change';
import type { FirstAnswer, PresenceState } from '@muster/protocol/client-events';
import type { CommandArgs, CommandName } from '@muster/protocol/commands';
import type { Condition } from '@muster/protocol/condition';
import type { EntityType, Stored } from '@muster/protocol/entity';
import type { WireError } from '@muster/protocol/error';
import type { ScopeId } from '@muster/protocol/id';
import type { Profile } from '@muster/protocol/principal';
import type { Item, RunStatus } from '@muster/protocol/run';
import type { Made } from './edits.ts';
import type { StoragePort } from './storage-port.ts';

export type * from './storage-port.ts';

/** The public face of the sync client. No framework, no DOM: the page, tests, bots and scripts use the same. */
export interface MusterClient {
  /** Hydrates from storage, then connects. */
  start(): Promise<void>;
  /** Disconnects and releases everything; what is pending stays in storage. */
  stop(): Promise<void>;
  /** Connects now, without waiting: after signing in, or because the person asked. Nothing where it is connected. */
  reconnect(): void;
  /** Signing out: stops, and wipes this person's store. What was pending resolves as dropped. */
  forget(): Promise<void>;

  readonly status: ClientStatus;
  /** Known after the first `hello` or from storage. */
  readonly userId: string | undefined;
  readonly clientId: string;

  /**
   * Follows a scope until the handle is closed; several handles share one. Lists of the person's memberships are
   * followed by the client itself.
   */
  open(scope: ScopeId): ScopeHandle;
  scopeState(scope: ScopeId): ScopeState;

  /** The optimistic view: confirmed folded with what is pending. */
  get<T extends EntityType>(type: T, id: string): Stored<T> | undefined;
  all<T extends EntityType>(scope: ScopeId, type: T): Stored<T>[];
  profile(id: string): Profile | undefined;
  /**
   * Tasks of one's lists whose title or notes hold every word asked for, from what is here: open ones before done ones,
   * then those of archived lists, then titles before notes, else in the order of the lists.
   * @param most default 100
   */
  search(words: string, most?: number): Stored<'task'>[];

  /**
   * Queues an intent, shows it at once, and sends it. `outcome` never rejects; it stays pending while offline. `mid` is
   * taken in storage, so that any tab may queue: it reads 0 until then, and stands in the outcome. `nonce` is there at once.
   * Nothing is thrown for `not_found` while content is still missing: then the server decides.
   * @throws {MusterError} `invalid` for arguments that no server would take, or the rejection that the client foresees
   */
  mutate<N extends CommandName>(
    name: N,
    args: CommandArgs<N>,
    options?: MutateOptions,
  ): { readonly mid: number; nonce: string; outcome: Promise<Outcome> };

  presence: {
    /** Says where this person is; null leaves. Kept over reconnects. */
    set(scope: ScopeId, state: PresenceState | null): void;
    of(scope: ScopeId): { id: string; state: PresenceState }[];
  };

  /** Watches a run until closed: live and resumed through one consumer. Several handles share one. */
  watchRun(runId: string): RunHandle;
  /** @throws {MusterError} the server's error, `unavailable` while offline */
  stopRun(runId: string): Promise<{ status: RunStatus }>;
  /** Answers an approval: the first decision wins. Throws like {@link stopRun}. */
  decideRun(runId: string, callId: string, approve: boolean, remember?: boolean): Promise<{ status: RunStatus }>;

  /** Each returns a function that unsubscribes. */
  on<E extends keyof ClientEvents>(event: E, listener: ClientEvents[E]): () => void;
}

export interface MutateOptions {
  /**
   * How far its scope was seen when this edit began, as a seq: who wrote later in a field that it replaces is told of it.
   * Left out: all that is here now was seen.
   */
  base?: number;
  /** What must still be so when it is decided, here and on the server: else it is refused with `conflict`. */
  ifStill?: Condition[];
  /** Queued also where the rules foresee a rejection: the server decides, and says more about why not. */
  isUnforeseen?: boolean;
}

export interface ScopeHandle {
  readonly scope: ScopeId;
  /** Resolves once the scope has content (from disk or the server); rejects with the server's error. */
  readonly ready: Promise<void>;
  close(): void;
}

export type ScopeState =
  | { state: 'absent' }
  | { state: 'opening' }
  /** `isFresh`: confirmed by the server on this connection; otherwise painted from disk. */
  | { state: 'open'; seq: number; isFresh: boolean }
  | { state: 'gone'; reason: 'removed' | 'deleted' | 'moved'; to?: ScopeId }
  | { state: 'error'; error: WireError };

export interface ClientStatus {
  /**
   * `refused`: the server does not take this client, `error` says why (unauthenticated, upgrade_required, …). `resting`:
   * a page that nobody looks at gave its connection back; it connects when it is shown.
   */
  connection: 'connecting' | 'online' | 'resting' | 'offline' | 'refused' | 'stopped';
  /** Mutations not yet confirmed by their own change. */
  pending: number;
  /** Milliseconds since 1970, while not online. */
  since: number | null;
  /** A scope is known to lie behind the server's head. */
  isBehind: boolean;
  error: WireError | null;
  /**
   * Whether this device keeps what is made on it. Where it does not, edits wait in memory and are sent all the same:
   * `full`: no space is left; `unavailable`: the browser stores nothing here (a private window), or fails to; `newer`: a
   * newer version of the page has upgraded the store, which is not touched.
   */
  storage: 'ok' | 'full' | 'unavailable' | 'newer';
  /** What the browser says of the space: asked with the first edit, and where there is none left. */
  estimate: { usageBytes: number; quotaBytes: number } | null;
}

export type Outcome =
  (FirstAnswer & { mid: number }) | { status: 'dropped'; reason: 'dependency' | 'signed_out'; mid: number };

/** An entity that looks different now. `entity` undefined: gone. */
export interface EntityChange {
  scope: ScopeId;
  type: EntityType;
  id: string;
  origin: 'local' | 'remote' | 'hydrate';
  /** For remote changes of others: who, so that the page can let it glow in their hue. */
  by?: { id: string; kind: string; for?: string };
}

export interface ClientEvents {
  /** Coalesced: once per packet or local edit. */
  entities: (changes: EntityChange[]) => void;
  /** What this device held is there: at the start, and with another person's store. Anything may look different. */
  hydrated: () => void;
  scope: (scope: ScopeId, state: ScopeState) => void;
  status: (status: ClientStatus) => void;
  /** A stored change as it came, after it was applied. */
  change: (scope: ScopeId, change: Change) => void;
  presence: (scope: ScopeId) => void;
  profiles: (ids: string[]) => void;
  /** This tab queued a mutation; what it makes of which entities is told after `entities`. */
  made: (made: Made) => void;
  /** The change of a waiting mutation came, of this tab or another of this browser. */
  arrived: (nonce: string, scope: ScopeId, change: Change) => void;
  /** The queue gave up on a mutation; its text is in `args` to copy. */
  rejected: (mutation: { mid: number; nonce: string; name: string; args: unknown; error: WireError }) => void;
  overwrote: (scope: ScopeId, change: Change, overwrote: Overwrote[]) => void;
  /** The browser threw away what was stored here: what this page holds is stored again. */
  cleared: () => void;
  /**
   * `hello` named another user than the store's: the store was switched, or passed on where a guest signed up. `guestId`:
   * whom this person was here until now.
   */
  user: (userId: string, guestId?: string) => void;
}

/** What a viewer of a run sees. The text of ended messages stands in their `message` entities too. */
export interface RunView {
  runId: string;
  status: RunStatus;
  attempt: number;
  items: Item[];
  /** The text being written, if any. */
  current: { itemId: string; text: string } | null;
  /** A new attempt threw away unfinished words: the page says that the run went on after an interruption. */
  wasInterrupted: boolean;
}

export interface RunHandle {
  readonly view: RunView | undefined;
  /** Called with each new view, at most once per animation-frame-sized batch of events. */
  subscribe(listener: (view: RunView) => void): () => void;
  readonly ready: Promise<void>;
  close(): void;
}

export interface ClientOptions {
  /** Origin of the server, such as `https://muster.example`. */
  url: string;
  /** A bearer token, for scripts; browsers send their cookie. A function is asked before each connection. */
  token?: string | (() => string | Promise<string>);
  /** Defaults to memory. */
  storage?: StoragePort;
  /** For tests and scripts; otherwise the storage keeps one. */
  clientId?: string;
  /** Injected for virtual time; default the real ones. */
  clock?: Clock;
  /** How to reach the server; default Socket.IO over a websocket. */
  transport?: Transport;
  /** What the browser says of the page; default this page's, where there is one. */
  page?: PagePort;
  /** After so long out of sight, and with nothing left to push, a page gives its connection back. Default 5 minutes. */
  restAfterMs?: number;
  logger?: (message: string, details?: unknown) => void;
}

export interface Clock {
  now(): number;
  setTimeout(run: () => void, ms: number): () => void;
  random(): number;
}

export interface TabsPort {
  join(hear: (message: unknown) => void): TabSeat;
}

export interface TabSeat {
  /** Tells the others, never oneself. Structured-cloneable. */
  post(message: unknown): void;
  /** Waits to be the one that pushes. An optimisation: mids and nonces keep two pushers right. */
  lead(turn: Turn): void;
  /** Is the one that pushes at once, whoever was before: they answer nobody any more. */
  steal(turn: Turn): void;
  /** Passes the turn on, or waits for it no longer. */
  rest(): void;
  leave(): void;
}

/** One's turn to push. */
export interface Turn {
  started(): void;
  /** Another took it by force; whoever wants it back waits again. */
  lost(): void;
}

/**
 * What a browser tells of its page. `frozen`: no more of it will run for a while; `network`: it came, went or changed.
 */
export type PageEvent = 'shown' | 'hidden' | 'frozen' | 'thawed' | 'network';

export interface PagePort {
  readonly isHidden: boolean;
  /** False only where there is no network for certain. */
  readonly hasNetwork: boolean;
  /** @returns a function that ends it */
  watch(hear: (event: PageEvent) => void): () => void;
}

/** A way to the server: one connection at a time, never reconnecting by itself. */
export interface Transport {
  connect(url: string, auth: ConnectAuth, events: TransportEvents): TransportConnection;
}

export interface ConnectAuth {
  clientId: string;
  protocol: number;
  token?: string;
}

export interface TransportEvents {
  opened(): void;
  received(event: string, data: unknown): void;
  /** The connection ended, or could not be made. After it nothing more is heard of this connection. */
  closed(reason: string): void;
  /** The handshake was refused, with the server's error. */
  refused(error: WireError): void;
}

export interface TransportConnection {
  /** The answer is called at most once; never after the connection closed. */
  send(event: string, data: unknown, answer: (ack: unknown) => void): void;
  close(): void;
}
