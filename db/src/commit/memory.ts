import { hrtime } from 'node:process';
import { compareBytes } from '@muster/domain/ordering';
import type { Role } from '@muster/protocol/principal';
import type { Batch } from './decide.ts';
import type { Entry } from './entry.ts';
import { Facts, pairKey, type ScopeRecord } from './facts.ts';
import type { LoadPlan } from './load-plan.ts';
import type { TaskRecord } from './task-record.ts';

/** Scopes, and acls, of which something is remembered. */
const MOST_SCOPES = 2_000;
/** Tasks of all scopes together, and how long one's words may be: 20 MB at the very most. */
const MOST_TASKS = 5_000;
const MOST_WORDS = 2_000;
/** People of one acl. */
const MOST_ROLES = 200;
/** A scope that another process writes to as well must stand still for so many of our commits, at most. */
const MOST_PATIENCE = 64;

/** For so long Postgres's time is counted on from when it was told, and by this: no two clocks drift apart as fast. */
const CLOCK_HOLDS_MS = 60_000;
const SLOWEST_CLOCK = 0.999;

/** A scope as our own last commit left it. What is known of its tasks ends with this object. */
interface Known {
  record: ScopeRecord;
  /** The greatest key of its order, or one above it; undefined where it was not asked for yet. */
  lastPos: string | null | undefined;
  /** Commits in a row that found it as we had left it, and how many of them are asked for. */
  calm: number;
  patience: number;
}

interface KnownAcl {
  epoch: number;
  roles: Map<string, Role>;
}

/**
 * What this process's own commits have left in scopes: at this head, under this epoch, these were the tasks. It is never
 * wrong about that, only out of date, which a commit in one flight compares before it writes (commit_rows_at_once). Two batches
 * never hold a scope at once, so nothing is remembered in the wrong order.
 */
export class Memory {
  readonly #scopes = new Map<string, Known>();
  readonly #acls = new Map<string, KnownAcl>();
  readonly #tasks = new Map<string, { of: Known; record: TaskRecord }>();
  #logEpoch: string | undefined;
  /** Postgres's time, and this machine's nanoseconds when it was told: those run on as Postgres's time does. */
  #clock = { ms: 0, at: 0n };

  setClock(ms: number): void {
    // Answers on two connections may overtake each other.
    if (ms >= this.#clock.ms) this.#clock = { ms, at: hrtime.bigint() };
  }

  clear(): void {
    this.#scopes.clear();
    this.#acls.clear();
    this.#tasks.clear();
    this.#logEpoch = undefined;
    this.#clock = { ms: 0, at: 0n };
  }

  /**
   * What the load would bring if nothing had changed since; undefined where it would bring what is not remembered, or
   * where others write too.
   */
  recall(plan: LoadPlan, entries: Entry[]): Facts | undefined {
    const isPlain =
      !plan.isExclusive &&
      plan.newClients.length === 0 &&
      plan.clients.length > 0 &&
      plan.clients.every(({ firstMid }) => firstMid > 0) &&
      plan.scopes.length > 0 &&
      plan.wants.isEmpty;
    const now = this.#now();
    if (!isPlain || this.#logEpoch === undefined || now === undefined) return undefined;
    const facts = new Facts();
    facts.now = now;
    facts.logEpoch = this.#logEpoch;
    const isKnown =
      this.#recallScopes(plan, facts) && this.#recallRoles(plan, facts) && this.#recallTasks(plan, entries, facts);
    if (!isKnown) return undefined;
    for (const { id, principal, firstMid, lastMid } of plan.clients) {
      facts.clients.set(id, { principal, lastMid: firstMid - 1, storedMid: lastMid, silent: null });
    }
    return facts;
  }

  /** A batch is stored: this is how its scopes are now. */
  learn(plan: LoadPlan, { facts, overlay }: Batch): void {
    if (plan.isExclusive) {
      for (const scope of plan.scopes) this.#scopes.delete(scope);
      for (const acl of plan.acls) this.#acls.delete(acl);
      return;
    }
    this.#logEpoch = facts.logEpoch;
    const locked = new Map<string, Known>();
    for (const scope of plan.scopes) {
      const before = facts.scopes.get(scope);
      const after = overlay.scopes.get(scope) ?? before;
      if (!before || !after || after.isGone) {
        this.#scopes.delete(scope);
        continue;
      }
      const known = this.#meet(scope, before);
      known.record = after;
      const last = facts.lastPos.has(scope) ? facts.lastPos.get(scope) : known.lastPos;
      known.lastPos = last === undefined ? undefined : greatest(last, overlay.posesOf(scope));
      locked.set(scope, known);
    }
    this.#learnRoles(plan, facts);
    for (const [id, record] of facts.tasks) if (record && !overlay.tasks.has(id)) this.#learnTask(id, record, locked);
    for (const [id, record] of overlay.tasks) this.#learnTask(id, record, locked);
    limit(this.#scopes, MOST_SCOPES);
    limit(this.#acls, MOST_SCOPES);
    limit(this.#tasks, MOST_TASKS);
  }

  /**
   * A moment that is not later than Postgres's own: in a scope time would run back otherwise, once Postgres is asked, and
   * what was written before a removal would seem to come after it.
   */
  #now(): number | undefined {
    const elapsedMs = Number(hrtime.bigint() - this.#clock.at) / 1e6;
    return elapsedMs > CLOCK_HOLDS_MS ? undefined : Math.floor(this.#clock.ms + elapsedMs * SLOWEST_CLOCK);
  }

  #recallScopes({ scopes }: LoadPlan, facts: Facts): boolean {
    for (const scope of scopes) {
      const known = this.#scopes.get(scope);
      if (!known || known.calm < known.patience) return false;
      facts.scopes.set(scope, known.record);
    }
    return true;
  }

  #recallRoles({ roles, last }: LoadPlan, facts: Facts): boolean {
    for (const [acl, subject] of roles) {
      const known = this.#acls.get(acl);
      const role = known?.roles.get(subject);
      if (!known || role === undefined) return false;
      facts.epochs.set(acl, known.epoch);
      facts.roles.set(pairKey(acl, subject), role);
    }
    for (const scope of last) {
      const known = this.#scopes.get(scope);
      if (known?.lastPos === undefined || !facts.scopes.has(scope)) return false;
      facts.learnLast([[scope, known.lastPos]]);
    }
    return true;
  }

  /** Whose id is to be new is taken to be new: the table's key says otherwise. */
  #recallTasks({ tasks }: LoadPlan, entries: Entry[], facts: Facts): boolean {
    let made: Set<unknown> | undefined;
    for (const id of tasks) {
      const found = this.#tasks.get(id);
      if (found) {
        const { scope } = found.record.task;
        if (this.#scopes.get(scope) !== found.of || !facts.scopes.has(scope)) return false;
        facts.tasks.set(id, found.record);
        continue;
      }
      made ??= idsMade(entries);
      if (!made.has(id)) return false;
      facts.tasks.set(id, null);
    }
    return true;
  }

  /** The scope as the load found it: as we left it, or by the hand of another. */
  #meet(scope: string, { head, size, acl }: ScopeRecord): Known {
    let known = this.#scopes.get(scope);
    if (known && (known.record.head !== head || known.record.size !== size || known.record.acl !== acl)) {
      const patience = Math.min(MOST_PATIENCE, Math.max(1, known.patience * 2));
      known = { record: known.record, lastPos: undefined, calm: 0, patience };
    } else if (known) {
      known.calm += 1;
      if (known.calm > MOST_PATIENCE) known.patience = 0;
    } else {
      known = { record: { acl, head, headAt: 0, size, isGone: false }, lastPos: undefined, calm: 0, patience: 0 };
    }
    // The one that was not used for longest is the first to go.
    this.#scopes.delete(scope);
    this.#scopes.set(scope, known);
    return known;
  }

  #learnRoles({ roles }: LoadPlan, facts: Facts): void {
    for (const [acl, subject] of roles) {
      const epoch = facts.epochs.get(acl);
      if (epoch === undefined) continue;
      let known = this.#acls.get(acl);
      if (!known || known.epoch !== epoch || known.roles.size > MOST_ROLES) known = { epoch, roles: new Map() };
      this.#acls.delete(acl);
      this.#acls.set(acl, known);
      const role = facts.roles.get(pairKey(acl, subject));
      if (role) known.roles.set(subject, role);
      else known.roles.delete(subject);
    }
  }

  #learnTask(id: string, record: TaskRecord, locked: ReadonlyMap<string, Known>): void {
    const { scope, value } = record.task;
    const of = locked.get(scope);
    const isKept = of && record.deletedAt === null && value.title.length + value.notes.length <= MOST_WORDS;
    this.#tasks.delete(id);
    if (isKept) this.#tasks.set(id, { of, record });
  }
}

function idsMade(entries: Entry[]): Set<unknown> {
  const ids = new Set<unknown>();
  for (const { commands } of entries) {
    for (const { command, args } of commands) if (command.name === 'task.create') ids.add((args as { id: unknown }).id);
  }
  return ids;
}

function greatest(last: string | null, keys: readonly string[]): string | null {
  let most = last;
  for (const key of keys) if (most === null || compareBytes(key, most) > 0) most = key;
  return most;
}

function limit(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
