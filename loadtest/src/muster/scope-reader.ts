import type { Change, Packet, Position, ScopeResult, WireEntity } from './wire-types.ts';

/** How a change came: as it happened, to close a gap, or as what was missed while away. */
export type Road = 'live' | 'repair' | 'missed';

export interface ScopeListener {
  changed(scope: string, change: Change, road: Road): void;
  snapshot(scope: string, entities: WireEntity[]): void;
}

/** One scope as its client holds it: where it stands in the log, and what waits until a gap is closed. */
export class ScopeReader {
  readonly scope: string;
  readonly #listener: ScopeListener;
  #position: Position | undefined;
  #held: Packet[] = [];
  #isWaiting = true;

  constructor(scope: string, listener: ScopeListener) {
    this.scope = scope;
    this.#listener = listener;
  }

  /** What `scope:open` and `scope:pull` are asked with. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** From here on news are kept back until an answer comes. */
  wait(): void {
    this.#isWaiting = true;
  }

  /** @returns `gap`: pull, and give the answer to {@link answer} */
  hear(packet: Packet): 'fine' | 'gap' {
    if (this.#isWaiting || this.#position === undefined) {
      this.#held.push(packet);
      return 'fine';
    }
    if (packet.logEpoch !== this.#position.logEpoch || packet.from > this.#position.seq + 1) {
      this.#held.push(packet);
      this.#isWaiting = true;
      return 'gap';
    }
    this.#apply(packet.changes, 'live');
    return 'fine';
  }

  /** @returns whether the head shows something that was never told */
  isBehind(head: number): boolean {
    return !this.#isWaiting && this.#position !== undefined && head > this.#position.seq;
  }

  /**
   * The answer to an open or a pull, all its pages read.
   * @returns `again` where it has to be asked once more
   */
  answer(result: ScopeResult, road: 'repair' | 'missed'): 'fine' | 'again' | 'refused' {
    if (result.kind === 'later') return 'again';
    if (result.kind === 'error') return 'refused';
    if (result.kind === 'snapshot') {
      this.#position = { seq: result.seq, logEpoch: result.logEpoch };
      this.#listener.snapshot(this.scope, result.entities);
    } else {
      this.#position ??= { seq: result.from - 1, logEpoch: result.logEpoch };
      this.#apply(result.changes, road);
    }
    this.#isWaiting = false;
    const held = this.#held;
    this.#held = [];
    for (const packet of held) if (this.hear(packet) === 'gap') return 'again';
    return 'fine';
  }

  #apply(changes: Change[], road: Road): void {
    const position = this.#position!;
    for (const change of changes) {
      if (change.seq <= position.seq) continue;
      position.seq = change.seq;
      this.#listener.changed(this.scope, change, road);
    }
  }
}
