import { setTimeout as delay } from 'node:timers/promises';
import { checkPending } from '../oracles/pending.ts';
import { checkEnded } from '../oracles/runs.ts';
import { violation, type Violation } from '../oracles/violation.ts';
import type { Crowd } from './crowd/crowd.ts';
import type { SeatState } from './crowd/seat.ts';
import type { DatabaseReader } from './evidence/read-database.ts';

const LOOK_EVERY_MS = 500;
/** Longer than any waiting time of the product (reconnecting: 10 s; a silent worker: 7 s and a sweep), several times over. */
const STANDSTILL_MS = 60_000;

/** How far the world is from rest. All zero: nothing is under way, and everyone stands where the server stands. */
interface Distance {
  offline: number;
  pending: number;
  /** Scopes that a seat follows, or should follow, and is not at the head of. */
  behind: string[];
  /** Lists that a seat follows, and may not see. */
  strange: string[];
  runs: number;
}

/**
 * Waits until all is at rest. Bounded by progress, not by the clock: it gives up once nothing has moved for a minute.
 * @returns what is still not at rest then
 */
export async function waitForRest(
  crowd: Crowd,
  database: DatabaseReader,
  say: (line: string) => void,
): Promise<Violation[]> {
  let last = '';
  let movedAt = performance.now();
  let saidAt = movedAt;
  for (;;) {
    const { states, distance, heads } = await measure(crowd, database);
    const { offline, pending, behind, strange, runs } = distance;
    if (offline + pending + behind.length + strange.length + runs === 0) return [];
    const now = JSON.stringify([distance, heads]);
    if (now !== last) movedAt = performance.now();
    last = now;
    if (performance.now() - saidAt > 10_000) {
      saidAt = performance.now();
      const waiting = states.filter((state) => state.pending > 0).map(({ seat }) => seat);
      const examples = [...waiting, ...behind, ...strange].slice(0, 3).join('; ');
      const counts = `${offline} offline, ${pending} pending, ${behind.length} behind, ${strange.length} strange, ${runs} runs`;
      say(`not at rest: ${counts} ${examples === '' ? '' : `(${examples} …)`}`);
    }
    if (performance.now() - movedAt > STANDSTILL_MS) return complain(states, distance, database);
    await delay(LOOK_EVERY_MS);
  }
}

async function complain(states: SeatState[], distance: Distance, database: DatabaseReader): Promise<Violation[]> {
  return [
    ...checkPending(states),
    ...checkEnded(await database.runs()),
    ...distance.behind.map((where) => violation('P2 equal at rest', `it never caught up: ${where}`)),
    ...distance.strange.map((where) => violation('P4 told', `it was never told: ${where}`)),
  ];
}

async function measure(crowd: Crowd, database: DatabaseReader) {
  const states = (await crowd.all('states')).flat();
  const [scopes, members, runs] = await Promise.all([database.scopes(), database.members(), database.runs()]);
  const heads = new Map(scopes.map(({ scope, head, isGone }) => [scope, isGone ? -1 : head]));
  const distance: Distance = {
    offline: states.filter(({ connection }) => connection !== 'online').length,
    pending: states.reduce((sum, state) => sum + state.pending, 0),
    ...{ behind: [], strange: [] },
    runs: checkEnded(runs).length,
  };
  for (const { seat, userId, seqs } of states) {
    const lists = Object.keys(members).filter((list) => members[list]?.includes(userId));
    for (const scope of new Set([`user:${userId}`, ...lists, ...Object.keys(seqs)])) {
      if (scope.startsWith('list:') && !lists.includes(scope)) distance.strange.push(`${seat} ${scope}`);
      else if (seqs[scope] !== heads.get(scope))
        distance.behind.push(`${seat} ${scope} at ${seqs[scope] ?? 'nothing'} of ${heads.get(scope)}`);
    }
  }
  return { states, distance, heads: [...heads.values()].reduce((sum, head) => sum + head, 0) };
}
