import type { Packet } from '@muster/protocol/change';
import { UnknownOp } from './confirmed.ts';
import { cut, fitOf, isWhole, type Follow } from './follow.ts';
import type { Replica } from './replica.ts';

export interface IntakeOptions {
  replica: Replica;
  /** Something is missing: to be asked for, once. */
  missing(follow: Follow): void;
  /** An op that this page does not know: the scope stops. */
  unreadable(follow: Follow): void;
}

/**
 * The order of packets: what was seen is dropped, an overlap is cut, and what comes too early is held, also during a
 * pull, until what lies before it is there. Dropping it then would stall the scope until its next change.
 */
export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  take(follow: Follow, packet: Packet): void {
    const at = this.#options.replica.confirmed.position(follow.scope);
    const fit = fitOf(packet, at);
    if (fit === 'old') return;
    if (fit !== 'fits' || !at) {
      follow.held.push(packet);
      follow.head = Math.max(follow.head, packet.to);
      return this.#options.missing(follow);
    }
    if (this.apply(follow, cut(packet, at.seq))) this.drain(follow);
  }

  /** Applies what was held and fits now. */
  drain(follow: Follow): void {
    const { replica } = this.#options;
    for (;;) {
      const at = replica.confirmed.position(follow.scope);
      follow.held = follow.held.filter((packet) => at && packet.logEpoch === at.logEpoch && packet.to > at.seq);
      const next = follow.held.find((packet) => fitOf(packet, at) === 'fits');
      if (!at || !next || !this.apply(follow, cut(next, at.seq))) break;
    }
    if (follow.held.length > 0) this.#options.missing(follow);
  }

  /** Takes the changes that an open or a pull answered. `unfit`: they do not follow on what we have. */
  catchUp(follow: Follow, packet: Packet): 'fits' | 'unfit' | 'stopped' {
    const at = this.#options.replica.confirmed.position(follow.scope);
    const fit = fitOf(packet, at);
    const isEmpty = packet.to < packet.from;
    if (!at || fit === 'gap' || fit === 'other-log' || !(isEmpty || isWhole(packet))) {
      follow.isUnfit = true;
      return 'unfit';
    }
    follow.isFresh = true;
    if (fit === 'fits' && !isEmpty && !this.apply(follow, cut(packet, at.seq))) return 'stopped';
    return 'fits';
  }

  /** @returns false where the scope stopped */
  apply(follow: Follow, packet: Packet): boolean {
    try {
      this.#options.replica.apply(packet);
      follow.attempts = 0;
      return true;
    } catch (error) {
      if (!(error instanceof UnknownOp)) throw error;
      this.#options.unreadable(follow);
      return false;
    }
  }
}
