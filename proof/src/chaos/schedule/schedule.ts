import type { Random } from '../../sim/random.ts';

/** Every way in which the world is hurt. `target` numbers are taken modulo what there is. */
export const FAULTS = [
  'gateway.kill',
  'gateway.freeze',
  'gateway.restart',
  'worker.kill',
  'worker.freeze',
  'worker.restart',
  'redis.kill',
  'redis.freeze',
  'redis.disconnect',
  'postgres.kill',
  'postgres.freeze',
  'postgres.terminate',
  'clients.reset',
  'clients.stall',
  'clients.swallow',
  'clients.refuse',
  'store-link.reset',
  'store-link.stall',
  'store-link.refuse',
  'crowd.freeze',
  'tab.crash',
  'tab.reload',
  'member.remove',
  'reader.remove',
  'list.delete',
  'everything.roll',
] as const;
export type Fault = (typeof FAULTS)[number];

export interface Event {
  atMs: number;
  fault: Fault;
  /** Which one it hits. */
  target: number;
  /** How long it lasts, or how long what was killed is away. */
  forMs: number;
  /** Of connections or tabs, which part. */
  share: number;
}

/** A storm long enough for all kinds has one of each; what it costs to hit harder is told by how often a kind comes. */
const WEIGHTS: Partial<Record<Fault, number>> = {
  'member.remove': 4,
  'reader.remove': 3,
  'tab.crash': 3,
  'clients.reset': 2,
  'gateway.kill': 2,
};
/** Frozen for longer than the 5 s after which clients give a gateway up, and workers a run. */
const LONG_FREEZE_MS = 9_000;

/**
 * What is done to whom and when, from a seed alone: dealt from a shuffled deck in which some kinds are several times.
 *
 * @param lengthMs of the storm
 * @param isBrief each kind once and short, however little time there is
 */
export function createSchedule(random: Random, lengthMs: number, isBrief: boolean): Event[] {
  const deck = (): Fault[] => {
    const cards = FAULTS.flatMap((fault) => Array.from({ length: isBrief ? 1 : (WEIGHTS[fault] ?? 1) }, () => fault));
    return shuffled(cards, random);
  };
  let cards = deck();
  const gapMs = isBrief ? lengthMs / (FAULTS.length + 1) : 2_500;
  const count = isBrief ? FAULTS.length : Math.max(1, Math.floor(lengthMs / gapMs) - 1);
  return Array.from({ length: count }, (_, index): Event => {
    if (cards.length === 0) cards = deck();
    const fault = cards.pop()!;
    const longest = isBrief ? 900 : fault.endsWith('freeze') && random.chance(0.4) ? LONG_FREEZE_MS : 3_500;
    return {
      ...{ atMs: Math.round((index + random.between(0.5, 1)) * gapMs), fault, target: random.int(0, 999) },
      ...{ forMs: Math.round(random.between(300, longest)), share: Math.round(random.between(0.2, 1) * 100) / 100 },
    };
  });
}

function shuffled<T>(cards: T[], random: Random): T[] {
  for (let at = cards.length - 1; at > 0; at--) {
    const other = random.int(0, at);
    [cards[at], cards[other]] = [cards[other]!, cards[at]!];
  }
  return cards;
}
