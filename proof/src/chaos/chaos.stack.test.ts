import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { v7 } from 'uuid';
import type { Violation } from '../oracles/violation.ts';
import type { Evidence } from './evidence/evidence.ts';
import { judge } from './judge.ts';
import { PLANTED } from './planted.ts';
import { reportOf } from './report.ts';
import { Round } from './round.ts';

/**
 * One round of chaos, with each kind of fault once and in brief, and then faults that are planted, each of which must be
 * found. Bounded by progress: a slow machine takes longer.
 */
const SEED = 4;
const PATIENCE_MS = 900_000;
vi.setConfig({ testTimeout: PATIENCE_MS, hookTimeout: PATIENCE_MS });

const folder = mkdtempSync(join(tmpdir(), 'muster-chaos-test-'));
const said: string[] = [];
let round: Round;
let evidence: Evidence | undefined;
beforeAll(async () => {
  const say = (line: string) => void said.push(line);
  round = await Round.begin({
    ...{ seed: SEED, clients: 40, stormMs: 14_000, isBrief: true, actsPerSecond: 12, folder, say },
  });
});
afterAll(async () => {
  await round?.close();
  // What was found broken is looked into there.
  if (evidence) rmSync(folder, { recursive: true, force: true });
});

const promises = (found: Violation[]) => [...new Set(found.map(({ promise }) => promise))];
const words = (found: Violation[]) => [...said, ...reportOf(found, folder)].join('\n');

it('keeps every promise through one of each kind of fault', async () => {
  await round.storm();
  const found = [...(await round.rest()), ...(await round.verdict())];
  expect(promises(found), words(found)).toEqual([]);
  evidence = await round.evidence();
  expect(judge(evidence)).toEqual([]);
  // A round in which nothing happened would keep every promise too.
  expect(evidence.history.of('answer').length).toBeGreaterThan(100);
  expect(evidence.history.of('changes').length).toBeGreaterThan(100);
  expect(evidence.history.of('gone').length).toBeGreaterThan(0);
  expect(evidence.runs.length).toBeGreaterThan(0);
});

describe('would have seen it, had what was recorded shown that', () => {
  it.each(PLANTED.map((planted) => [planted.name, planted] as const))('%s', (_name, { plant, breaks }) => {
    expect(promises(judge(plant(evidence!)))).toContain(breaks);
  });
});

describe('sees it, where in the living world', () => {
  it('a tab drops what a packet says without a word', async () => {
    const { cast, crowd, database, people } = round;
    const list = cast.lists[0]!;
    const members = (await database.members())[list.scope]!;
    const isOther = ({ isRaw, person }: (typeof cast.seats)[number]) => !isRaw && person !== list.owner;
    const seat = cast.seats.find((one) => isOther(one) && members.includes(people[one.person]!.userId))!.name;
    await crowd.at(seat).call('plantDeafness', { seat, scope: list.scope });
    const args = { id: v7(), listId: list.id, title: 'Not for everyone' };
    const nonce = await crowd.at(list.steward).call('mutate', { seat: list.steward, name: 'task.create', args });
    await vi.waitFor(
      async () => expect(await database.query('select 1 from change where nonce = $1', [nonce])).toHaveLength(1),
      PATIENCE_MS,
    );
    expect(await round.rest()).toEqual([]);
    const found = await round.compare();
    expect(promises(found), words(found)).toContain('P2 equal at rest');
    expect(found.map(({ objects }) => objects['seat'])).toContain(seat);
  });

  it('a change is written twice, past the road that all changes take', async () => {
    await round.database.query(
      `with again as (
         update scope set head_seq = head_seq + 1
         where id = (select scope_id from change where mid is not null and scope_id like 'list:%' order by seq limit 1)
         returning id, head_seq
       )
       insert into change (scope_id, seq, txn_id, actor, client_id, mid, nonce, acl_epoch, effects, prev, at)
       select again.id, again.head_seq, gen_random_uuid(), actor, client_id, mid, nonce, acl_epoch, effects, prev, clock_ms()
       from again, lateral (select * from change where scope_id = again.id and mid is not null order by seq limit 1) first`,
    );
    expect(await round.rest()).toEqual([]);
    expect(promises(judge(await round.evidence()))).toContain('P1 once');
  });

  it('a worker dies by itself', async () => {
    const [worker] = round.world.workers;
    process.kill(worker!.pid!, 'SIGKILL');
    await vi.waitFor(() => expect(worker!.ends).toHaveLength(1), PATIENCE_MS);
    expect(promises(judge(await round.evidence()))).toContain('processes live');
    await vi.waitFor(() => expect(worker!.isUp).toBe(true), PATIENCE_MS);
  });
});
