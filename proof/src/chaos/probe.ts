import { setTimeout as delay } from 'node:timers/promises';
import { v7 } from 'uuid';
import { BEATS, checkShown, checkTold, type Waiting } from '../oracles/in-time.ts';
import type { Violation } from '../oracles/violation.ts';
import { KEPT_LISTS, type Cast, type ListPlan, type Person } from './crowd/cast.ts';
import type { Crowd } from './crowd/crowd.ts';
import type { DatabaseReader } from './evidence/read-database.ts';
import { SECRETS } from './schedule/hurt.ts';

const LOOK_EVERY_MS = 50;
export interface Probed {
  violations: Violation[];
  /** How long the slowest waited, in milliseconds. */
  shownMs: number;
  toldMs: number;
}

/** Once all is well: a change is shown everywhere in time, and whoever is removed is told in time. */
export async function probe(crowd: Crowd, database: DatabaseReader, cast: Cast, people: Person[]): Promise<Probed> {
  const probed: Probed = { violations: [], shownMs: 0, toldMs: 0 };
  for (const list of cast.lists.slice(0, KEPT_LISTS)) {
    const steward = crowd.at(list.steward);
    const args = { id: v7(), listId: list.id, title: 'Is it seen?' };
    const nonce = await steward.call('mutate', { seat: list.steward, name: 'task.create', args });
    const seq = await committed(database, nonce, list);
    const since = performance.now();
    await crowd.all('await', { scope: list.scope, seq });
    probed.violations.push(...checkShown(await wait(crowd)));
    probed.shownMs = Math.max(probed.shownMs, performance.now() - since);
  }
  const members = await database.members();
  for (const list of cast.lists.slice(0, KEPT_LISTS)) {
    const person = list.members
      .map((index) => people[index]!)
      .find(({ userId }) => members[list.scope]?.includes(userId));
    if (!person) continue;
    const { userId } = person;
    await crowd.all('await', { scope: list.scope, seq: null, userId });
    const args = { listId: list.id, userId };
    const since = performance.now();
    const tell = (name: string, given: object) =>
      crowd.at(list.steward).call('mutate', { seat: list.steward, name, args: given });
    await tell('member.remove', args);
    for (let n = 0; n < SECRETS; n++)
      await tell('task.create', { id: v7(), listId: list.id, title: 'Not for the removed' });
    probed.violations.push(...checkTold(await wait(crowd)));
    probed.toldMs = Math.max(probed.toldMs, performance.now() - since);
  }
  return probed;
}

async function committed(database: DatabaseReader, nonce: string, { scope }: ListPlan): Promise<number> {
  for (;;) {
    const [row] = await database.query<{ seq: number }>('select seq from change where scope_id = $1 and nonce = $2', [
      scope,
      nonce,
    ]);
    if (row) return row.seq;
    await delay(LOOK_EVERY_MS);
  }
}

/** Until all have it, or one has waited for too many beats. */
async function wait(crowd: Crowd): Promise<Waiting[]> {
  for (;;) {
    const waiting = (await crowd.all('waiting')).flat();
    if (waiting.every(({ hasCome }) => hasCome)) return waiting;
    if (waiting.some(({ hasCome, beats }) => !hasCome && beats >= BEATS)) return waiting;
    await delay(LOOK_EVERY_MS);
  }
}
