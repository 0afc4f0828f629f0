import type { Change, Packet } from '@muster/protocol/change';
import type { CommandName } from '@muster/protocol/commands';
import type { ScopeId } from '@muster/protocol/id';
import { messageIdOf } from '@muster/domain/run-ids';
import type { RunView } from '@muster/client/types';
import type { SeenText } from '../oracles/runs.ts';
import type { Answered, Kept } from '../oracles/acknowledged.ts';
import type { DiskCopy } from '../oracles/disk-copies.ts';
import type { Delivery } from '../oracles/removed-members.ts';
import type { Heard } from '../oracles/same-order.ts';
import type { Violation } from '../oracles/violation.ts';

/** A moment at which a scope's head rose, as far as a gateway told. */
export interface HeadMoment {
  at: number;
  seq: number;
}

/** What was seen from outside during a run: for the oracles, and for whoever reads what happened. */
export class Record {
  readonly answers: Answered[] = [];
  readonly kept: (Kept & { name: CommandName })[] = [];
  readonly settled = new Set<string>();
  /** Of those, the ones that were applied. */
  readonly applied = new Set<string>();
  readonly #turns = new Map<string, Map<ScopeId, { at: number; isMember: boolean }[]>>();
  readonly deliveries: Delivery[] = [];
  readonly heard: Heard[] = [];
  /** Disks as crashed tabs left them. */
  readonly copies: DiskCopy[] = [];
  readonly #lastCopies = new Map<string, DiskCopy>();
  /** Scopes of which a snapshot was sent in pages. */
  readonly paged = new Set<string>();
  /** The conversation of each run. */
  readonly runScopes = new Map<string, ScopeId>();
  readonly #texts = new Map<string, SeenText>();
  /** What its maker did not see any more when it was acknowledged. */
  readonly vanished: { seat: string; id: string; within: string; what: string }[] = [];
  readonly violations: Violation[] = [];
  /** Moments at which mutations reached a gateway, by nonce. */
  readonly arrivals = new Map<string, number>();
  readonly heads = new Map<ScopeId, HeadMoment[]>();
  readonly lines: string[] = [];
  readonly #logs = new Set<string>();
  readonly #lostLogs = new Set<string>();
  readonly #isTold: boolean;
  #hash = 2_166_136_261;

  constructor(isTold: boolean) {
    this.#isTold = isTold;
  }

  /** Two runs of one seed give one fingerprint. */
  get fingerprint(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  note(at: number, line: string): void {
    const text = `${at.toFixed(3)} ${line}`;
    for (let index = 0; index < text.length; index++)
      this.#hash = Math.imul(this.#hash ^ text.charCodeAt(index), 16_777_619);
    if (this.#isTold) this.lines.push(`${at.toFixed(1).padStart(9)}  ${line}`);
  }

  committed(at: number, packets: Packet[]): void {
    for (const { scope, to, changes } of packets) {
      for (const { effects } of changes) {
        for (const { type, id } of effects) if (type === 'run') this.runScopes.set(id, scope);
      }
      if (scope.startsWith('list:')) for (const change of changes) this.#noteTurns(at, scope, change);
      const moments = this.heads.get(scope) ?? [];
      moments.push({ at, seq: to });
      this.heads.set(scope, moments);
    }
  }

  delivered(seat: string, userId: string, at: number, scope: ScopeId, changes: readonly Change[], log = ''): void {
    // A packet of the lost log that was late: clients know it by its epoch.
    if (this.#lostLogs.has(log)) return;
    this.#logs.add(log);
    for (const { seq, txnId } of changes) {
      this.deliveries.push({ seat, userId, scope, at, seq });
      this.heard.push({ seat, scope, seq, txnId });
    }
  }

  /** A disk as it is now, unless it holds what it held when it was last looked at. */
  copied(copy: DiskCopy): void {
    const key = `${copy.seat} ${copy.scope}`;
    const last = this.#lastCopies.get(key);
    const isSame =
      last?.seq === copy.seq &&
      last.isPaged === copy.isPaged &&
      last.entities.length === copy.entities.length &&
      copy.entities.every(({ id, value }, at) => last.entities[at]!.id === id && last.entities[at]!.value === value);
    if (isSame) return;
    this.#lastCopies.set(key, copy);
    this.copies.push(copy);
  }

  /** Lists that somebody was let in and out of, as far as gateways told. */
  turnsOf(userId: string): Map<ScopeId, { at: number; isMember: boolean }[]> {
    return this.#turns.get(userId) ?? new Map<ScopeId, never>();
  }

  /** Words of runs as viewers had them before them. */
  get texts(): Iterable<SeenText> {
    return this.#texts.values();
  }

  sawRun(seat: string, { runId, attempt, current }: RunView): void {
    if (current === null) return;
    const { itemId, text } = current;
    const key = `${seat} ${itemId} ${attempt}`;
    const n = Number(itemId.slice(itemId.lastIndexOf(':') + 1));
    const before = this.#texts.get(key);
    const isGrowing = before === undefined || (before.isGrowing && text.startsWith(before.text));
    this.#texts.set(key, { seat, runId, attempt, itemId, messageId: messageIdOf(runId, n), text, isGrowing });
  }

  /** The log went back: what was heard of the one that is lost proves nothing of this one. */
  forgetLostLog(): void {
    this.heard.length = 0;
    for (const log of this.#logs) if (log !== '') this.#lostLogs.add(log);
    this.deliveries.length = 0;
    this.answers.length = 0;
    this.vanished.length = 0;
    this.copies.length = 0;
    this.#lastCopies.clear();
    this.#texts.clear();
    this.heads.clear();
    this.#turns.clear();
    // What was applied may be lost, and has to be offered again; what was refused was told.
    for (const nonce of this.applied) this.settled.delete(nonce);
    this.applied.clear();
  }

  #noteTurns(at: number, scope: ScopeId, { effects }: Change): void {
    for (const effect of effects) {
      if (effect.type !== 'member' || effect.op === 'patch') continue;
      const lists = this.#turns.get(effect.id) ?? new Map<ScopeId, { at: number; isMember: boolean }[]>();
      this.#turns.set(effect.id, lists);
      const turns = lists.get(scope) ?? [];
      turns.push({ at, isMember: effect.op === 'put' });
      lists.set(scope, turns);
    }
  }
}
