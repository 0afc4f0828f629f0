import type { LogRow } from './log.ts';
import { violation, type Violation } from './violation.ts';

/** Content of a scope that came to somebody: a change, a snapshot, or words of a run. */
export interface Delivery {
  seat: string;
  userId: string;
  scope: string;
  /** Milliseconds since 1970, by the clock that dates the log. */
  at: number;
  /** The number of the change, or the one that a snapshot is of. Words of a run have none. */
  seq?: number;
  isSnapshot?: boolean;
  /** The access epoch under which it was committed or written; left out: looked up in the log by its number. */
  aclEpoch?: number;
}

interface Turn {
  seq: number;
  epoch: number;
  at: number;
  isMember: boolean;
}

/** When somebody was let in and out, from the logs of the lists. */
export class Memberships {
  readonly #turns = new Map<string, Turn[]>();

  constructor(log: LogRow[]) {
    const rows = log.filter(({ scope }) => scope.startsWith('list:')).sort((a, b) => a.seq - b.seq);
    for (const { scope, seq, aclEpoch, at, effects } of rows) {
      for (const effect of effects) {
        if (effect.type !== 'member' || effect.op === 'patch') continue;
        const key = `${scope} ${effect.id}`;
        const turns = this.#turns.get(key) ?? [];
        turns.push({ seq, epoch: aclEpoch, at, isMember: effect.op === 'put' });
        this.#turns.set(key, turns);
      }
    }
  }

  /** The last turn that had begun by then. */
  at(list: string, userId: string, at: number): Turn | undefined {
    return this.#turns.get(`${list} ${userId}`)?.findLast((turn) => turn.at <= at);
  }
}

/**
 * P4: nobody hears of what was committed after they were removed. Whoever is back by the time of a delivery may hear all
 * of it, so a turn counts from the moment at which its commit began.
 *
 * @param listOf the list whose rights a scope has; undefined for somebody's own
 */
export function checkRemoved(
  log: LogRow[],
  listOf: (scope: string) => string | undefined,
  deliveries: Iterable<Delivery>,
): Violation[] {
  const memberships = new Memberships(log);
  const epochs = new Map(log.map(({ scope, seq, aclEpoch }) => [`${scope}@${seq}`, aclEpoch]));
  const found = new Map<string, Violation>();
  for (const delivery of deliveries) {
    const { seat, userId, scope, at, seq } = delivery;
    const list = listOf(scope);
    // Clocks are read in whole milliseconds, rounded in one place and cut in the other.
    const turn = list === undefined ? undefined : memberships.at(list, userId, at + 1);
    if (list === undefined || !turn || turn.isMember || !isAfter(turn, delivery, scope === list, epochs)) continue;
    const what = `${seq === undefined ? 'words' : seq} of ${scope} came after the removal at ${turn.seq}`;
    const objects = { seat, userId, list, scope, seq, removedAt: turn.seq, at };
    if (!found.has(`${seat} ${scope}`)) found.set(`${seat} ${scope}`, violation('P4 removed', what, objects));
  }
  return [...found.values()];
}

function isAfter(
  turn: Turn,
  { scope, seq, isSnapshot, aclEpoch }: Delivery,
  isList: boolean,
  epochs: Map<string, number>,
): boolean {
  // A snapshot of the removal's own number was read after it.
  if (isList && seq !== undefined) return isSnapshot === true ? seq >= turn.seq : seq > turn.seq;
  const epoch = aclEpoch ?? epochs.get(`${scope}@${seq}`);
  return epoch !== undefined && epoch >= turn.epoch;
}
