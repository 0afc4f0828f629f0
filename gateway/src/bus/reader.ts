import type { ScopeId } from '@muster/protocol/id';
import type { ScopeGone, ServerEventData, ServerEventName } from '@muster/protocol/server-events';
import type { Entry, Watcher } from './entry.ts';
import type { EntryTable } from './entry-table.ts';
import { scopeRoom } from './rooms.ts';
import { Tickets } from './tickets.ts';

/** A socket as the bus sees it. */
export interface ReaderPort {
  readonly id: string;
  readonly userId: string;
  readonly sessionId: string | null;
  isConnected(): boolean;
  send<E extends ServerEventName>(event: E, data: ServerEventData<E>): void;
  join(room: string): void;
  leave(room: string): void;
}

/** Where a reader is: its place among an entry's watchers. */
interface Place {
  entry: Entry;
  watcher: Watcher;
}

/** One socket's scopes: where it watches, and what it closed since. */
export class Reader {
  readonly port: ReaderPort;
  readonly #table: EntryTable;
  readonly #onLeave: (reader: Reader, scope: ScopeId) => void;
  readonly #places = new Map<ScopeId, Place>();
  readonly #told = new Set<ScopeId>();
  /** Opens under way: one that began before the scope was closed must not join it. */
  readonly opens = new Tickets();
  /** Past its buffer: it is in no room until it has drained. */
  isFull = false;
  /** Scopes out of whose rooms it was taken, with the seqs up to which it was sent everything. */
  readonly suspended = new Map<ScopeId, { seq: number; logEpoch: string }>();

  /** @param onLeave told after the reader left a scope, whatever the reason (presence leaves with it) */
  constructor(port: ReaderPort, table: EntryTable, onLeave: (reader: Reader, scope: ScopeId) => void) {
    this.port = port;
    this.#table = table;
    this.#onLeave = onLeave;
  }

  get userId(): string {
    return this.port.userId;
  }

  watches(scope: ScopeId): boolean {
    return this.#places.has(scope);
  }

  places(): IterableIterator<[ScopeId, Place]> {
    return this.#places.entries();
  }

  /** In the gate's turn only. */
  join(entry: Entry): void {
    const { scope } = entry;
    const held = this.#places.get(scope);
    if (held?.entry === entry) return;
    // One of a log that went back: its entry is gone.
    if (held !== undefined) this.#table.removeWatcher(held.entry, held.watcher);
    const watcher: Watcher = { userId: this.userId, evict: (gone) => this.lose(gone) };
    this.#places.set(scope, { entry, watcher });
    this.#table.addWatcher(entry, watcher);
    this.port.join(scopeRoom(scope));
  }

  /** The reader does not want it any more. */
  close(scope: ScopeId): void {
    this.opens.void(scope);
    if (this.suspended.delete(scope)) this.#onLeave(this, scope);
    this.#leave(scope);
  }

  closeAll(): void {
    for (const scope of [...this.#places.keys()]) this.#leave(scope);
    for (const scope of this.suspended.keys()) this.#onLeave(this, scope);
    this.suspended.clear();
  }

  /** Stops emitting to it, and remembers up to where it was sent everything. */
  suspend(): void {
    this.isFull = true;
    for (const [scope, { entry, watcher }] of this.#places) {
      this.postpone(entry);
      this.port.leave(scopeRoom(scope));
      this.#table.removeWatcher(entry, watcher);
    }
    this.#places.clear();
  }

  /** Was sent everything up to here, and the rest once it has drained. */
  postpone(entry: Entry): void {
    // What waits in the outbox was not sent.
    const unsent = entry.outbox[0];
    this.suspended.set(entry.scope, {
      seq: unsent === undefined ? entry.seq : unsent.seq - 1,
      logEpoch: entry.logEpoch,
    });
  }

  /** The log went back: entries are gone, `hello` follows, and the client opens again. */
  forget(): void {
    const scopes = [...this.#places.keys(), ...this.suspended.keys()];
    this.#places.clear();
    this.suspended.clear();
    for (const scope of scopes) {
      this.port.leave(scopeRoom(scope));
      this.#onLeave(this, scope);
    }
  }

  /** It is told that a scope is not its any more. */
  lose(gone: ScopeGone): void {
    this.#places.delete(gone.scope);
    this.port.leave(scopeRoom(gone.scope));
    this.tellGone(gone);
    this.#onLeave(this, gone.scope);
  }

  /** Once, although a fence may find a socket twice: as a thread's reader and as that of a run in it. */
  tellGone(gone: ScopeGone): void {
    if (this.#told.has(gone.scope)) return;
    this.#told.add(gone.scope);
    queueMicrotask(() => this.#told.delete(gone.scope));
    this.port.send('scope:gone', gone);
  }

  #leave(scope: ScopeId): void {
    const place = this.#places.get(scope);
    if (place === undefined) return;
    this.#places.delete(scope);
    this.port.leave(scopeRoom(scope));
    this.#table.removeWatcher(place.entry, place.watcher);
    this.#onLeave(this, scope);
  }
}
