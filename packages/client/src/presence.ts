import { who as whoSchema, type PresenceState } from '@muster/protocol/client-events';
import type { ScopeId } from '@muster/protocol/id';
import * as z from 'zod/mini';
import type { Emitter } from './emitter.ts';
import { isSame } from './ref.ts';

type Who = { id: string; state: PresenceState }[];

export interface PresenceOptions {
  emitter: Emitter;
  /** Whether the scope is joined on this connection: only then may one be present in it. */
  isJoined(scope: ScopeId): boolean;
  request(event: string, data: unknown): Promise<unknown>;
}

/** Who is where. It passes: nothing of it is stored, and a lost connection forgets everyone else's. */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #mine = new Map<ScopeId, PresenceState>();
  readonly #who = new Map<ScopeId, Who>();

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  set(scope: ScopeId, state: PresenceState | null): void {
    const was = this.#mine.get(scope) ?? null;
    if (isSame(was, state)) return;
    if (state) this.#mine.set(scope, state);
    else this.#mine.delete(scope);
    if (this.#options.isJoined(scope)) void this.#send(scope, state);
  }

  of(scope: ScopeId): Who {
    return this.#who.get(scope) ?? [];
  }

  /** The scope was opened on this connection: says again where this person is. */
  joined(scope: ScopeId): void {
    const state = this.#mine.get(scope);
    if (state) void this.#send(scope, state);
  }

  heard(scope: ScopeId, given: unknown): void {
    const who = z.safeParse(whoSchema, given);
    if (!who.success || isSame(who.data, this.of(scope))) return;
    this.#who.set(scope, who.data as Who);
    this.#options.emitter.emit('presence', scope);
  }

  disconnected(): void {
    const scopes = [...this.#who.keys()];
    this.#who.clear();
    for (const scope of scopes) this.#options.emitter.emit('presence', scope);
  }

  async #send(scope: ScopeId, state: PresenceState | null): Promise<void> {
    try {
      const { ok, data } = ((await this.#options.request('presence:set', { scope, state })) ?? {}) as {
        ok?: boolean;
        data?: { who?: unknown };
      };
      if (ok) this.heard(scope, data?.who);
    } catch {
      // It is said again once the scope is joined on the next connection.
    }
  }
}
