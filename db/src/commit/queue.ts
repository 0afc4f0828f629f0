import type { ScopeId } from '@muster/protocol/id';
import type { Entry } from './entry.ts';
import type { Submission } from './types.ts';

/** Commands of one batch: more hold their locks for too long. */
const BATCH = 100;
/** Fewer are not worth a second batch. */
const LEAST_SHARE = 16;
/** So many commands for one scope, and most of what waits, are a crowd. */
const CROWD = 4;
/** What a client that sent too much is told to wait. */
const RETRY_AFTER_MS = 500;

/** Those at the front of what waits of whom none may go, and what those behind them must not overtake. */
interface PassedOver {
  count: number;
  heldBack: Set<string>;
  /** Of them those whose scopes were not known yet. */
  unplaced: Entry[];
}

/**
 * What waits, in the order in which it came. Whatever two batches must not hold at once is a *claim*: a client (its mids
 * go in order), a scope, an idempotency key, a tool call.
 */
export class Queue {
  #waiting: Entry[] = [];
  readonly #inFlight = new Map<string, number>();
  readonly #ofClient = new Map<string, number>();
  /** The first mid of a client that was refused: those behind it are refused too, so that order stays. */
  readonly #refusedFrom = new Map<string, number>();
  readonly #claimed = new Map<Entry, string[]>();
  /**
   * Until something is free, whoever comes is looked at alone: a thousand that wait for a busy list would otherwise be
   * looked at again with each that comes behind them, which takes all of the processor where it is short already.
   */
  #passedOver: PassedOver | undefined;
  #entered = 0;

  get isEmpty(): boolean {
    return this.#entered === 0;
  }

  /** How long to wait, where too much of one client waits already; undefined where it may enter. */
  refusal({ client }: Submission, most: number): number | undefined {
    if (!client) return undefined;
    const { clientId, mid } = client;
    const from = this.#refusedFrom.get(clientId);
    const isBehind = from !== undefined && mid > from;
    if (!isBehind && (this.#ofClient.get(clientId) ?? 0) < most) {
      this.#refusedFrom.delete(clientId);
      return undefined;
    }
    if (!isBehind) this.#refusedFrom.set(clientId, mid);
    return RETRY_AFTER_MS;
  }

  enter(entry: Entry): void {
    this.#entered += 1;
    const clientId = entry.submission.client?.clientId;
    if (clientId !== undefined) this.#ofClient.set(clientId, (this.#ofClient.get(clientId) ?? 0) + 1);
    this.#waiting.push(entry);
  }

  /** Answered, whichever way. */
  leave(entry: Entry): void {
    this.#entered -= 1;
    const index = this.#waiting.indexOf(entry);
    if (index >= 0) {
      this.#waiting.splice(index, 1);
      this.#passedOver = undefined;
    }
    const clientId = entry.submission.client?.clientId;
    if (clientId === undefined) return;
    const left = (this.#ofClient.get(clientId) ?? 1) - 1;
    if (left > 0) {
      this.#ofClient.set(clientId, left);
    } else {
      this.#ofClient.delete(clientId);
      // Nothing of it waits any more: a mid that comes too early is told which one is expected.
      this.#refusedFrom.delete(clientId);
    }
  }

  /** To the front, in their own order. */
  putBack(entries: Entry[]): void {
    this.#waiting = [...entries, ...this.#waiting];
    this.#passedOver = undefined;
  }

  /**
   * The next batch, claimed; empty where nothing that waits may go.
   *
   * @param lanes how many are free: they share what waits, since two halves are committed at once in less time than the
   *   whole. What is in one scope stays together, and a crowd in one scope goes apart from the rest: in one batch with
   *   it, each command elsewhere would take as long as all of the crowd's, and be answered with it, again and again.
   */
  take(lanes = 1): Entry[] {
    if (this.#passedOver?.unplaced.some(({ scopes }) => scopes !== undefined) === true) this.#passedOver = undefined;
    const crowded = lanes > 1 && !this.#passedOver ? this.#crowdedScope() : undefined;
    const taken = this.#take(lanes, crowded);
    // The crowd's clients have something elsewhere before it, which would wait for the crowd: nobody would ever go.
    return taken.length > 0 || crowded === undefined ? taken : this.#take(lanes, undefined);
  }

  #take(lanes: number, crowded: ScopeId | undefined): Entry[] {
    const taken: Entry[] = [];
    const rest: Entry[] = [];
    const passed = this.#passedOver;
    const heldBack = new Set<string>();
    const scopes = new Set<string>();
    const share = lanes > 1 ? Math.max(LEAST_SHARE, Math.ceil(this.#waiting.length / lanes)) : BATCH;
    for (let at = passed?.count ?? 0; at < this.#waiting.length; at++) {
      const entry = this.#waiting[at] as Entry;
      const isAlone = taken[0]?.isMembership === true || (entry.isMembership && taken.length > 0);
      const isInHere = (entry.scopes ?? []).some((scope) => scopes.has(scope));
      const isOurs =
        isInHere || (crowded === undefined ? taken.length < share : entry.scopes?.includes(crowded) === true);
      if (!isAlone && isOurs && taken.length < BATCH && this.#mayGo(entry, heldBack)) {
        taken.push(entry);
        for (const scope of entry.scopes ?? []) scopes.add(scope);
        // A key used twice: the second finds the first one's result once that is stored.
        for (const key of onceKeysOf(entry)) heldBack.add(key);
      } else {
        rest.push(entry);
        for (const key of orderKeysOf(entry)) heldBack.add(key);
      }
    }
    if (taken.length === 0) {
      if (crowded === undefined) this.#passOver(rest, heldBack);
      return taken;
    }
    this.#waiting.length = passed?.count ?? 0;
    for (const entry of rest) this.#waiting.push(entry);
    for (const entry of taken) this.#claim(entry);
    return taken;
  }

  #passOver(entries: Entry[], heldBack: Set<string>): void {
    const passed = (this.#passedOver ??= { count: 0, heldBack: new Set(), unplaced: [] });
    passed.count += entries.length;
    for (const key of heldBack) passed.heldBack.add(key);
    for (const entry of entries) if (entry.scopes === undefined) passed.unplaced.push(entry);
  }

  /** The batch is over: what it claimed is free. */
  release(entries: Entry[]): void {
    this.#passedOver = undefined;
    for (const entry of entries) {
      for (const claim of this.#claimed.get(entry) ?? []) {
        const left = (this.#inFlight.get(claim) ?? 1) - 1;
        if (left > 0) this.#inFlight.set(claim, left);
        else this.#inFlight.delete(claim);
      }
      this.#claimed.delete(entry);
    }
  }

  /** The scope in which most of what waits is, if they are many. */
  #crowdedScope(): ScopeId | undefined {
    const most = Math.max(CROWD, this.#waiting.length / 2);
    const counts = new Map<ScopeId, number>();
    for (const { scopes } of this.#waiting) {
      for (const scope of scopes ?? []) {
        const count = (counts.get(scope) ?? 0) + 1;
        if (count >= most && !this.#inFlight.has(scope)) return scope;
        counts.set(scope, count);
      }
    }
    return undefined;
  }

  #claim(entry: Entry): void {
    const claims = claimsOf(entry);
    this.#claimed.set(entry, claims);
    for (const claim of claims) this.#inFlight.set(claim, (this.#inFlight.get(claim) ?? 0) + 1);
  }

  #mayGo(entry: Entry, heldBack: ReadonlySet<string>): boolean {
    if (entry.scopes === undefined) return false;
    const before = this.#passedOver?.heldBack;
    return claimsOf(entry).every(
      (claim) => !this.#inFlight.has(claim) && !heldBack.has(claim) && before?.has(claim) !== true,
    );
  }
}

const clientKey = ({ submission: { client } }: Entry): string[] => (client ? [`client:${client.clientId}`] : []);

/** What may happen once only, whoever asks again. */
function onceKeysOf({ submission: { idempotency, run }, subject }: Entry): string[] {
  const keys: string[] = [];
  if (idempotency) keys.push(`key:${subject}:${idempotency.key}`);
  if (run?.callId !== undefined) keys.push(`call:${run.runId}:${run.callId}`);
  return keys;
}

/** What those behind a waiting entry must not overtake: its client's later mids; a membership change in its scopes, or a
 *  busy list would never let it in. */
const orderKeysOf = (entry: Entry): string[] => [
  ...clientKey(entry),
  ...onceKeysOf(entry),
  ...(entry.isMembership ? (entry.scopes ?? []) : []),
];

const claimsOf = (entry: Entry): string[] => [...clientKey(entry), ...onceKeysOf(entry), ...(entry.scopes ?? [])];
