import { MusterError } from '@muster/protocol/error';
import type { Packet } from '@muster/protocol/change';
import type { ScopeId } from '@muster/protocol/id';
import { atOnceStep, decideAtOnce } from './at-once.ts';
import type { CommitConnection, Loaded } from './connection.ts';
import { decide, type Batch, type Verdict } from './decide.ts';
import type { Entry } from './entry.ts';
import { isRepeat, isRetryable, isUnavailable, refusalOf } from './errors.ts';
import { Facts, pairKey } from './facts.ts';
import { planLoad, type LoadPlan } from './load-plan.ts';
import type { Holders } from './holders.ts';
import type { Memory } from './memory.ts';
import { Overlay } from './overlay.ts';
import { persistArguments } from './persist.ts';
import { listIdOf } from './transaction.ts';
import type { CommitOutcome, Publish } from './types.ts';
import { Wants } from './wants.ts';

/** More rounds than any chain of needs is long. */
const MOST_ROUNDS = 8;
/** Deadlocks and the like end after a try or two. */
const MOST_RETRIES = 10;

/** What lanes of one process have in common. */
export interface LaneDeps {
  holders: Holders;
  /** Clients whose row is known to be there. */
  knownClients: Set<string>;
  /** Guests and whom they became. */
  merged: Map<string, string>;
  /** What this process's commits left behind; absent where every commit is to look. */
  memory: Memory | undefined;
  publish: Publish;
  /**
   * Told in every batch which log it found. A promise: it is another one than before, so all that was remembered is of
   * no use, and the batch is decided anew once the promise settles. Never rejects.
   */
  meetLog: (logEpoch: string) => Promise<void> | undefined;
  /** The command looks again where things are, and waits for another batch. */
  startAgain: (entries: Entry[]) => void;
  /** A list whose keys grew too long. */
  rebalance: (listId: string) => void;
  onBug: (error: unknown, command: string) => void;
  onWarning: (error: unknown, what: string) => void;
}

/** One of the two that commit batches: it runs one at a time. */
export class Lane {
  readonly #connection: CommitConnection;
  readonly #deps: LaneDeps;

  constructor(connection: CommitConnection, deps: LaneDeps) {
    this.#connection = connection;
    this.#deps = deps;
  }

  /** Commits what it can, and settles every entry or starts it again. Never throws. */
  async run(entries: Entry[]): Promise<void> {
    let retries = 0;
    for (;;) {
      try {
        return await this.#attempt(entries);
      } catch (error) {
        if (isUnavailable(error)) {
          this.#connection.drop();
          this.#deps.onWarning(error, 'the database could not be reached');
          const unavailable = new MusterError('unavailable', 'The database cannot be reached. Try again soon.');
          for (const entry of entries) entry.fail(unavailable);
          return;
        }
        await this.#connection.rollBack().catch(() => this.#connection.drop());
        if ((isRetryable(error) || isRepeat(error)) && retries++ < MOST_RETRIES) continue;
        if (entries.length > 1) {
          // One of them is to blame, and must not take the others along.
          for (const entry of entries) await this.run([entry]);
          return;
        }
        const [entry] = entries as [Entry];
        this.#deps.onWarning(error, 'a command was refused by the database');
        if (entry.refusal) return entry.fail(new MusterError('internal', 'This could not be stored.'));
        entry.refusal = refusalOf(error);
        entry.commands = [];
      }
    }
  }

  async #attempt(entries: Entry[]): Promise<void> {
    const { holders, knownClients } = this.#deps;
    const plan = planLoad(entries, holders, (id) => knownClients.has(id));
    if (await this.#attemptAtOnce(entries, plan)) return;
    const loading = this.#connection.load(plan);
    // While Postgres reads.
    const facts = new Facts();
    const batch = batchOf(facts, plan, this.#deps.onBug);
    const outcomes = new Map<Entry, CommitOutcome>();
    const again: Entry[] = [];
    const waiting = new Set<string>();
    await this.#learn(facts, plan, await loading);
    const meeting = this.#deps.meetLog(facts.logEpoch);
    if (meeting) {
      await this.#connection.rollBack();
      await meeting;
      return this.#deps.startAgain(entries);
    }
    for (const entry of entries) {
      const clientId = entry.submission.client?.clientId;
      // Mids go in order: what follows one that starts again waits for it.
      const isWaiting = clientId !== undefined && waiting.has(clientId);
      let verdict: Verdict = isWaiting ? { is: 'again' } : decide(batch, entry);
      for (let round = 0; verdict.is === 'missing'; round++) {
        if (round === MOST_ROUNDS) throw new Error(`${namesOf(entry)} never knew enough`);
        facts.learn(verdict.wants, await this.#connection.loadMore(verdict.wants));
        verdict = decide(batch, entry);
      }
      const outcome = verdict.is === 'outcome' ? verdict.outcome : undefined;
      if (outcome) {
        outcomes.set(entry, outcome);
      } else {
        again.push(entry);
        if (clientId !== undefined) waiting.add(clientId);
      }
    }
    const values = persistArguments(batch);
    const stored = values ? this.#connection.persist(values) : this.#connection.rollBack().then(() => 0);
    // While Postgres writes: where things are is a guess that each load checks, so it may come too early.
    this.#remember(batch);
    const packets = packetsOf(batch);
    const written = await stored;
    if (values && written !== batch.changes.length) {
      throw new Error(`${written} of ${batch.changes.length} changes were written`);
    }
    this.#deps.memory?.learn(plan, batch);
    this.#publish(packets);
    for (const id of facts.clients.keys()) knownClients.add(id);
    this.#answer(batch, outcomes);
    for (const [guest, heir] of facts.merged) if (heir !== null) this.#deps.merged.set(guest, heir);
    if (again.length > 0) this.#deps.startAgain(again);
  }

  /**
   * In one flight, on what is remembered.
   * @returns false where that is not enough, or out of date: nothing was written
   */
  async #attemptAtOnce(entries: Entry[], plan: LoadPlan): Promise<boolean> {
    const { memory } = this.#deps;
    const facts = memory?.recall(plan, entries);
    if (!memory || !facts) return false;
    // A command that fails is decided again on what is there, and told of then.
    const batch = batchOf(facts, plan, () => undefined);
    const outcomes = decideAtOnce(batch, entries);
    const step = outcomes && atOnceStep(batch, plan);
    if (!step) return false;
    const committing = this.#connection.commitAtOnce(step);
    this.#remember(batch);
    const packets = packetsOf(batch);
    const clock = await committing;
    if (clock < 0) return false;
    memory.setClock(clock);
    memory.learn(plan, batch);
    this.#publish(packets);
    this.#answer(batch, outcomes);
    return true;
  }

  #answer({ transactions }: Batch, outcomes: ReadonlyMap<Entry, CommitOutcome>): void {
    for (const [entry, outcome] of outcomes) entry.settle(outcome);
    for (const transaction of transactions) {
      for (const scope of transaction.crowded) this.#deps.rebalance(listIdOf(scope));
    }
  }

  async #learn(facts: Facts, plan: LoadPlan, loaded: Loaded): Promise<void> {
    const [now, logEpoch, scopes, taken, clients, roles, tasks, last, more] = loaded;
    facts.now = now;
    this.#deps.memory?.setClock(now);
    facts.logEpoch = logEpoch;
    facts.learnScopes(plan.scopes, scopes);
    const takenIds = new Set(taken);
    for (const { id, principal, firstMid, lastMid } of plan.clients) {
      if (!takenIds.has(id)) continue;
      facts.clients.set(id, { principal, lastMid: firstMid - 1, storedMid: lastMid, silent: null });
    }
    for (const [id, owner, lastMid] of clients ?? []) {
      const principal = this.#deps.merged.get(owner) ?? owner;
      facts.clients.set(id, { principal, lastMid, storedMid: lastMid, silent: null });
    }
    for (const [acl, subject, role, epoch] of roles ?? []) {
      facts.roles.set(pairKey(acl, subject), role);
      if (epoch !== null) facts.epochs.set(acl, epoch);
    }
    facts.learnTasks(plan.tasks, tasks);
    facts.learnLast(last);
    facts.learn(plan.wants, more ?? {});
    await this.#ensurePeople(plan, facts);
  }

  /** Someone with an account who never came in yet is invited like anyone else: their `user:<id>` is made now. */
  async #ensurePeople(plan: LoadPlan, facts: Facts): Promise<void> {
    const absent = plan.scopes.filter((scope) => scope.startsWith('user:') && facts.scopes.get(scope) === null);
    if (absent.length === 0) return;
    await this.#connection.ensure(absent.map((scope) => scope.slice('user:'.length)));
    const wants = new Wants();
    for (const scope of absent) {
      wants.add('scopes', scope);
      wants.add('roles', [scope, scope.slice('user:'.length)]);
      facts.epochs.set(scope, 1);
    }
    facts.learn(wants, await this.#connection.loadMore(wants));
  }

  #remember({ changes, overlay }: Batch): void {
    const { holders } = this.#deps;
    for (const { scope, change } of changes) {
      for (const effect of change.effects) {
        if (effect.op === 'put') holders.learn(effect.type, effect.id, scope);
      }
    }
    for (const [scope, { acl }] of overlay.scopes) holders.learnAcl(scope as ScopeId, acl);
  }

  #publish(packets: Packet[]): void {
    if (packets.length === 0) return;
    try {
      this.#deps.publish(packets);
    } catch (error) {
      // The change is stored: positioning finds it.
      this.#deps.onWarning(error, 'publishing failed');
    }
  }
}

const batchOf = (facts: Facts, plan: LoadPlan, onBug: LaneDeps['onBug']): Batch => ({
  facts,
  overlay: new Overlay(),
  locks: { scopes: new Set(plan.scopes), acls: new Set(plan.acls), isExclusive: plan.isExclusive },
  changes: [],
  transactions: [],
  answered: new Map(),
  idempotency: [],
  toolCalls: [],
  onBug,
});

/** A packet for each scope that changed: contiguous, with the epoch of its last change. */
function packetsOf({ changes, facts: { logEpoch } }: Batch): Packet[] {
  const packets = new Map<ScopeId, Packet>();
  for (const { scope, change, aclEpoch } of changes) {
    const packet = packets.get(scope);
    if (packet) {
      packet.to = change.seq;
      packet.changes.push(change);
      packet.aclEpoch = aclEpoch;
    } else {
      packets.set(scope, { scope, from: change.seq, to: change.seq, changes: [change], aclEpoch, logEpoch });
    }
  }
  return [...packets.values()];
}

const namesOf = ({ submission }: Entry): string => submission.commands.map(({ name }) => name).join(' ');
