import { MusterError } from '@muster/protocol/error';
import { LIMITS } from '@muster/protocol/limits';
import { AGENT_ID, type ChangeActor } from '@muster/protocol/principal';
import { scopeOf } from '@muster/protocol/id';
import type pg from 'pg';
import { CommitConnection } from './connection.ts';
import { parseSubmission, touchesOf, type Entry } from './entry.ts';
import { Holders, type LookupAnswer } from './holders.ts';
import { Lane, type LaneDeps } from './lane.ts';
import { Memory } from './memory.ts';
import { Queue } from './queue.ts';
import type { Commit, CommitOutcome, Publish, Submission } from './types.ts';

/** Two connections: while one waits for the disk, the other works. More only wait for each other's locks. */
const LANES = 2;
/** Ids that a process remembers of each kind: some 100 bytes each. */
const MOST_REMEMBERED = 100_000;
/** A command whose scopes keep changing under it is given back after this. */
const MOST_TRIES = 10;

export interface CommitDeps {
  databaseUrl: string;
  /** For the rare questions before a commit: where a task lives, who is in a list. */
  pool: pg.Pool;
  publish: Publish;
  /** Commits in one flight where this process was the last to write (docs/decisions/0009). On, unless it is said. */
  isOptimistic?: boolean;
  /** When an address counts as its account's: once it is verified (the default), or from sign-up on. */
  emailTrust?: 'sign-up' | 'verified';
  /**
   * Another log than at the commit before, or the first that is met: the database may have gone back. What is awaited here
   * happens before any command is answered from it: a client must hear of it before it hears that its mids are unknown.
   */
  onLog?: (logEpoch: string) => Promise<void> | undefined;
  /** Warnings have no content of commands in them. */
  logger?: {
    warn(fields: Record<string, unknown>, message: string): void;
    error(fields: Record<string, unknown>, message: string): void;
  };
}

/**
 * The one write path: everything that lasts goes through it (docs/architecture.md). Batches span scopes and clients; what
 * waits while the connections are busy makes the next batch.
 */
export function createCommit(options: CommitDeps): Commit {
  const { databaseUrl, pool, publish, logger, emailTrust, onLog, isOptimistic = true } = options;
  const queue = new Queue();
  const memory = isOptimistic ? new Memory() : undefined;
  const merged = new Map<string, string>();
  const knownClients = new Set<string>();
  const holders = new Holders(async (wants) => {
    const { rows } = await pool.query('select commit_lookup($1) as found', [wants]);
    return (rows as { found: LookupAnswer }[])[0]?.found as LookupAnswer;
  }, emailTrust === 'sign-up');
  const deps: LaneDeps = {
    holders,
    knownClients,
    merged,
    memory,
    publish,
    meetLog,
    startAgain,
    rebalance,
    onBug: (error, command) => logger?.error({ err: error, command }, 'a command failed'),
    onWarning: (error, what) => logger?.warn({ err: error }, what),
  };
  const connections = Array.from(
    { length: LANES },
    () => new CommitConnection(databaseUrl, (error) => deps.onWarning(error, 'a connection for commits broke')),
  );
  const idle = connections.map((connection) => new Lane(connection, deps));
  const rebalancing = new Set<string>();
  let logEpoch: string | undefined;
  let unresolved: Entry[] = [];
  let isClosing = false;
  let isScheduled = false;
  /** Lanes that have answered and wait for those whom they answered. */
  let returning = 0;
  let whenEmpty: (() => void) | undefined;

  const resolveActor = (actor: ChangeActor): ChangeActor => {
    const id = merged.get(actor.id);
    const of = actor.for === undefined ? undefined : merged.get(actor.for);
    return id || of ? { ...actor, ...(id ? { id, kind: 'person' } : {}), ...(of ? { for: of } : {}) } : actor;
  };

  function enter(submission: Submission): Promise<CommitOutcome> {
    return new Promise((resolve, reject) => {
      const { commands, refusal } = parseSubmission(submission);
      if (refusal && !submission.client) return resolve({ status: 'rejected', error: refusal });
      const entry: Entry = {
        submission,
        commands,
        refusal,
        isMembership: commands.some(({ command }) => command.isMembership === true),
        ...identify(submission, commands),
        scopes: undefined,
        acls: [],
        tries: 0,
        settle: (outcome) => done(() => resolve(outcome)),
        fail: (error) => done(() => reject(error as Error)),
      };
      const done = (answer: () => void) => {
        queue.leave(entry);
        answer();
        if (isClosing && queue.isEmpty) whenEmpty?.();
      };
      queue.enter(entry);
      expect(entry);
      place(entry);
      schedule();
    });
  }

  function identify(submission: Submission, commands: Entry['commands']): Pick<Entry, 'actor' | 'subject' | 'touches'> {
    const actor = resolveActor(submission.actor);
    const subject = actor.for ?? actor.id;
    return { actor, subject, touches: touchesOf({ commands, subject, submission }) };
  }

  /** What a waiting command will make is where it says, for the commands behind it. */
  function expect({ commands, touches }: Entry): void {
    const [home] = touches;
    if (home?.touch !== 'scope') return;
    for (const { command, args } of commands) {
      const [noun, verb] = command.name.split('.') as [string, string];
      const { id } = args as { id?: string };
      if (verb !== 'create' || typeof id !== 'string') continue;
      holders.expect(noun, id, home.scope);
      if (noun === 'thread') holders.expectAcl(scopeOf('thread', id), home.scope);
    }
  }

  /** Follows the touches from memory, or puts the entry among those for which the database is asked, all at once. */
  function place(entry: Entry): void {
    const found = holders.fromMemory(entry.touches);
    if (found) {
      entry.scopes = found.scopes;
      entry.acls = found.acls;
      return;
    }
    unresolved.push(entry);
    if (unresolved.length === 1) setImmediate(() => void resolvePlaces());
  }

  async function resolvePlaces(): Promise<void> {
    const entries = unresolved;
    unresolved = [];
    try {
      const found = await holders.find(entries.map(({ touches }) => touches));
      entries.forEach((entry, index) => Object.assign(entry, found[index]));
    } catch (error) {
      deps.onWarning(error, 'the database could not be reached');
      const unavailable = new MusterError('unavailable', 'The database cannot be reached. Try again soon.');
      for (const entry of entries) entry.fail(unavailable);
    }
    schedule();
  }

  function meetLog(met: string): Promise<void> | undefined {
    if (met === logEpoch) return undefined;
    const isFirst = logEpoch === undefined;
    logEpoch = met;
    const telling = onLog?.(met);
    if (isFirst && !telling) return undefined;
    // A guest may not be the person yet whom they became, and clients and tasks may not be there.
    holders.clear();
    merged.clear();
    knownClients.clear();
    memory?.clear();
    return Promise.resolve(telling).catch((error: unknown) => deps.onWarning(error, 'the other log was not told of'));
  }

  function startAgain(entries: Entry[]): void {
    for (const entry of entries) {
      entry.tries += 1;
      holders.forget(entry.touches, entry.scopes ?? []);
      if (entry.submission.client) deps.knownClients.delete(entry.submission.client.clientId);
      Object.assign(entry, identify(entry.submission, entry.commands), { scopes: undefined, acls: [] });
      if (entry.tries > MOST_TRIES) entry.fail(new MusterError('unavailable', 'This keeps changing. Try again.'));
      else place(entry);
    }
    queue.putBack(entries.filter(({ tries }) => tries <= MOST_TRIES));
  }

  function schedule(): void {
    if (isScheduled || returning > 0 || idle.length === 0) return;
    isScheduled = true;
    // Frames that came in one read make one batch.
    queueMicrotask(() => {
      isScheduled = false;
      for (;;) {
        const lane = idle.at(-1);
        const entries = lane ? queue.take(idle.length) : [];
        if (!lane || entries.length === 0) return;
        idle.pop();
        void run(lane, entries);
      }
    });
  }

  async function run(lane: Lane, entries: Entry[]): Promise<void> {
    await lane.run(entries);
    // What is forgotten is asked again.
    if (knownClients.size > MOST_REMEMBERED) knownClients.clear();
    if (merged.size > MOST_REMEMBERED) merged.clear();
    queue.release(entries);
    // Those who were just answered may have something more to say: they rejoin before the next batch leaves, on whichever
    // lane.
    returning += 1;
    setImmediate(() => {
      returning -= 1;
      idle.push(lane);
      schedule();
    });
  }

  function rebalance(listId: string): void {
    if (rebalancing.has(listId) || isClosing) return;
    rebalancing.add(listId);
    enter({
      actor: { id: AGENT_ID, kind: 'agent' },
      commands: [{ name: 'list.rebalance', args: { listId } }],
      trusted: true,
    })
      .catch((error: unknown) => deps.onWarning(error, 'rebalancing failed'))
      .finally(() => rebalancing.delete(listId));
  }

  const commit = (submission: Submission): Promise<CommitOutcome> => {
    if (isClosing) return Promise.reject(new MusterError('unavailable', 'This server is about to stop. Try again.'));
    const retryAfterMs = queue.refusal(submission, LIMITS.queuedMutations);
    if (retryAfterMs !== undefined) {
      return Promise.reject(new MusterError('rate_limited', 'Too many changes are waiting.', { retryAfterMs }));
    }
    return enter(submission);
  };
  return Object.assign(commit, {
    async close(): Promise<void> {
      isClosing = true;
      if (!queue.isEmpty) await new Promise<void>((resolve) => (whenEmpty = resolve));
      await Promise.all(connections.map((connection) => connection.close()));
    },
  });
}
