import type { Packet } from '@muster/protocol/change';
import type { ScopeId } from '@muster/protocol/id';
import type { Profile } from '@muster/protocol/principal';
import type { RunWatchAnswer, TextPosition } from '@muster/protocol/run';
import type { RunChunk, RunItemNews, RunStatusNews } from '@muster/protocol/server-events';

/** A reader of a run without a socket (SSE). It falls under the same fence as everyone who watches the run's thread. */
export interface RunWatcher {
  userId: string;
  /** The watcher is dropped with the session that it rests on. */
  sessionId: string;
  onChunk(news: RunChunk): void;
  onItem(news: RunItemNews): void;
  /** After an ended status nothing more comes. */
  onStatus(news: RunStatusNews): void;
  /** No longer theirs to see, the session ended, the log went back or the gateway drains: end the answer. Called at most once, and last. */
  onGone(reason: RunGoneReason): void;
}
export type RunGoneReason = 'removed' | 'session' | 'reset' | 'drain';

export interface RunWatch {
  /** What stands now; everything after it comes by the watcher's callbacks, which may repeat but never leave out. */
  answer: RunWatchAnswer;
  /** Idempotent. */
  close(): void;
}

/** The face that the gateway's other rooms see: HTTP, accounts, health. */
export interface Bus {
  /**
   * Through the open gate: rights are read, then joined in one turn.
   * @param after where the reader's text stands, to leave out what it has
   * @throws {MusterError} `not_found`, `unavailable`
   */
  watchRun(watcher: RunWatcher, runId: string, after?: TextPosition): Promise<RunWatch>;
  /** Ends a session's sockets and SSE readers, on every gateway. Positioning finds them where the message is lost. */
  closeSession(sessionId: string): void;
  /** Tells those who watch one of these scopes, on every gateway, that a person has another name or picture. */
  announceProfile(id: string, profile: Profile, scopes: ScopeId[]): void;
  /** Whether this gateway can publish to Redis and hear itself, within a second. Never throws. */
  isHearing(): Promise<boolean>;
  /** For commit: sends packets to all gateways and takes them in here; never throws, never awaited. */
  publish(packets: Packet[]): void;
}
