import type { ScopeId } from '@muster/protocol/id';
import { hello, scopeGone, scopeHeads, serverDrain, type Hello, type ScopeGone } from '@muster/protocol/server-events';
import * as z from 'zod/mini';
import type { Presence } from './presence.ts';
import type { ProfileBook } from './profiles.ts';
import type { Runs } from './runs.ts';
import type { Scopes } from './scopes.ts';

export interface InboxOptions {
  scopes: Scopes;
  presence: Presence;
  profiles: ProfileBook;
  runs: Runs;
  /** Nothing but `hello` is heard before the server said who we are. */
  isReady(): boolean;
  greeted(hello: Hello): Promise<void>;
  drain(retryAfterMs: number): void;
  reconnect(reason: string): void;
  log(message: string, details?: unknown): void;
}

/** Gives each of the server's events to whoever it is for. What cannot be read is passed over. */
export function createInbox(options: InboxOptions): (event: string, data: unknown) => void {
  const { scopes, presence, profiles, runs, isReady, greeted, drain, reconnect, log } = options;

  async function meet(given: Hello): Promise<void> {
    try {
      await greeted(given);
    } catch (error) {
      log('hello failed', { error });
      // A connection on which nobody goes on would stand for ever: the server answers.
      reconnect('hello failed');
    }
  }

  function take(event: string, data: unknown): void {
    if (event === 'hello') {
      const given = z.safeParse(hello, data);
      if (given.success) void meet(given.data);
      else log('a malformed hello');
    } else if (!isReady()) return;
    else if (event === 'scope:changes') scopes.packet(data);
    else if (event === 'scope:heads') {
      const heads = z.safeParse(scopeHeads, data);
      if (heads.success) scopes.heads(heads.data.heads, heads.data.logEpoch);
    } else if (event === 'scope:gone') {
      const gone = z.safeParse(scopeGone, data);
      if (gone.success) scopes.gone(gone.data as ScopeGone);
    } else if (event === 'presence:state') {
      const news = data as { scope?: unknown; who?: unknown } | undefined;
      if (typeof news?.scope === 'string') presence.heard(news.scope as ScopeId, news.who);
    } else if (event === 'profile:changed') {
      const { id, ...told } = (data ?? {}) as { id?: unknown };
      if (typeof id === 'string') profiles.learn({ [id]: told });
    } else if (event === 'server:drain') {
      const given = z.safeParse(serverDrain, data);
      if (given.success) drain(given.data.retryAfterMs);
    } else if (event.startsWith('run:')) runs.heard(event, data);
  }

  return (event, data) => {
    try {
      take(event, data);
    } catch (error) {
      // One event that cannot be taken must not end the page; what it should have brought is asked for by its gap.
      log('an event could not be taken', { event, error });
    }
  };
}
