import type { Packet } from '@muster/protocol/change';
import type { FirstAnswer } from '@muster/protocol/client-events';
import type { Condition } from '@muster/protocol/condition';
import type { MusterError } from '@muster/protocol/error';
import type { ChangeActor } from '@muster/protocol/principal';
import type { Hint } from '@muster/domain/command';

/** One command of a submission. Arguments from outside are raw and parsed inside, since even bad ones take their mid. */
export interface SubmittedCommand {
  name: string;
  args: unknown;
  /** The seq of the scope that the author had seen. */
  base?: number;
  /** Rejected with `conflict`, and whose change it was, unless all of this holds before it is decided. */
  ifStill?: Condition[];
}

/** What is committed as one: all of its commands or none. Most have one command; a tool call and a PATCH have several. */
export interface Submission {
  actor: ChangeActor;
  commands: SubmittedCommand[];
  /** From a socket: exactly-once by (clientId, mid, nonce). */
  client?: { clientId: string; mid: number; nonce: string };
  /** From HTTP: exactly-once by (subject, key); `bodyHash` tells a repeat from another request with the same key. */
  idempotency?: { key: string; bodyHash: string };
  /**
   * From a run. With `callId` it happens once for all attempts: its result is stored with it. With `attempt` it is refused
   * (`conflict`) unless the run is running in this very attempt: what a frozen worker sends when it comes back.
   */
  run?: { runId: string; callId?: string; attempt?: number };
  /** Answer `conflict` where a field changed since `base`. */
  strict?: boolean;
  /** Internal commands (runs, links, merges, upkeep) are refused unless the caller says that it is the server itself. */
  trusted?: boolean;
}

export type CommitOutcome =
  /** `results` are the commands' own results, in order. `seqs` is empty where nothing changed. */
  | { status: 'applied'; seqs: Record<string, number>; results: unknown[]; hints: Hint[] }
  | { status: 'rejected'; error: MusterError }
  | { status: 'duplicate'; first: FirstAnswer; results: unknown[] }
  | { status: 'out_of_order'; expected: number }
  /** Same mid with another nonce, or another user's clientId: the mid is not taken. */
  | { status: 'cloned' }
  /** An Idempotency-Key used again with another body. */
  | { status: 'key_reused' };

/** Packets leave after the commit and are never awaited by an acknowledgement; a lost one is found by positioning. */
export type Publish = (packets: Packet[]) => void;

export interface Commit {
  /**
   * Commits a submission in the next batch.
   * @throws {MusterError} `unavailable` where Postgres cannot be reached, `rate_limited` where too much of one client waits;
   *   neither takes the mid
   */
  (submission: Submission): Promise<CommitOutcome>;
  /** Waits for what is under way and refuses more. */
  close(): Promise<void>;
}
