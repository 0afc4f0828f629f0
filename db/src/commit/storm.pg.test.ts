import type { Effect } from '@muster/protocol/change';
import type { ScopeId } from '@muster/protocol/id';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { v7 } from 'uuid';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { listScope, Rig, threadScope, type Gateway, type Person } from '../../test/rig.ts';
import { createDatabase } from '../connection.ts';
import { createFeedRepository } from '../repositories/feed.repository.ts';

/** Writers, movers and membership changes on three gateways at once; then the log is asked whether all of it is sound. */
const WRITES = 60;
const LISTS = 4;
const PEOPLE = 10;

let database: TestDatabase;
let rig: Rig;
let people: Person[];
let owner: Person;
const lists: { id: string; threadId: string }[] = [];

// A seed, so that a failure can be run again.
let seed = 20_260_309;
const random = (below: number): number => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return Math.floor((seed / 2_147_483_648) * below);
};
const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = new Rig(database.url, 3);
  owner = await rig.person();
  people = await Promise.all(Array.from({ length: PEOPLE }, () => rig.person()));
  for (let n = 0; n < LISTS; n++) {
    const id = await owner.list(`List ${n}`);
    for (const person of people) await owner.letIn(person, id, random(3) === 0 ? 'viewer' : 'editor');
    lists.push({ id, threadId: await owner.thread(id) });
  }
});
afterAll(async () => {
  await rig.close();
  await database.drop();
});

const outcomes: Record<string, number> = {};
const count = (key: string) => (outcomes[key] = (outcomes[key] ?? 0) + 1);

async function write(person: Person, tasks: string[]): Promise<void> {
  const { id: listId, threadId } = pick(lists);
  const gateway: Gateway = pick(rig.gateways);
  const [name, args] = pick([
    () => {
      const id = v7();
      tasks.push(id);
      return [
        'task.create',
        { id, listId, title: `by ${person.id}`, after: pick([undefined, null, tasks.at(-2)]) },
      ] as const;
    },
    () => ['task.update', { id: pick(tasks) ?? v7(), fields: { title: `title ${random(1000)}` } }] as const,
    () => ['task.place', { id: pick(tasks) ?? v7(), after: pick([null, ...tasks]), listId }] as const,
    () => ['task.complete', { id: pick(tasks) ?? v7(), done: random(2) === 0 }] as const,
    () => ['task.delete', { id: pick(tasks) ?? v7() }] as const,
    () => ['task.restore', { id: pick(tasks) ?? v7() }] as const,
    () => ['message.send', { id: v7(), threadId, text: 'words' }] as const,
    () => ['membership.update', { listId, fields: { seenSeq: random(500) } }] as const,
  ])();
  const outcome = await person.do(name, args, { gateway });
  count(outcome.status === 'rejected' ? `${name} ${outcome.error.code}` : outcome.status);
}

async function changeMembers(): Promise<void> {
  for (let n = 0; n < WRITES; n++) {
    const person = pick(people);
    const { id } = pick(lists);
    const gateway = pick(rig.gateways);
    const [name, args] = pick([
      ['member.remove', { listId: id, userId: person.id }] as const,
      ['member.setRole', { listId: id, userId: person.id, role: pick(['viewer', 'editor']) }] as const,
      ['invite', {}] as const,
    ]);
    if (name === 'invite') await owner.letIn(person, id, 'editor');
    else count(`${name} ${(await owner.do(name, args, { gateway })).status}`);
  }
}

type Row = { seq: number; actor: string; effects: Effect[]; prev: unknown[]; acl_epoch: number };
const log = (scope: ScopeId) =>
  rig.rows<Row>('select seq, actor, effects, prev, acl_epoch from change where scope_id = $1 order by seq', [scope]);

test('no write by a non-member, no gap, no double, and the log is what the tables hold', async () => {
  const tasks: string[] = [];
  await Promise.all([
    ...people.map(async (person) => {
      for (let n = 0; n < WRITES; n++) await write(person, tasks);
    }),
    changeMembers(),
  ]);
  expect(await rig.faults()).toEqual([]);
  expect(rig.gateways.flatMap(({ warnings }) => warnings)).toEqual([]);
  // The storm was one: people were removed, and tried all the same.
  expect(outcomes['applied']).toBeGreaterThan(WRITES);
  // Every mid was sent once, and taken once: also where a command started again within its batch.
  expect(Object.keys(outcomes).filter((key) => /duplicate|out_of_order|cloned/.test(key))).toEqual([]);
  expect(outcomes['member.remove applied']).toBeGreaterThan(3);
  expect(Object.keys(outcomes).some((key) => key.endsWith('not_found'))).toBe(true);

  const feed = createFeedRepository(createDatabase(rig.pool));
  for (const { id, threadId } of lists) {
    const scope = listScope(id);
    const rows = await log(scope);
    // Who was in, at which epochs: [since, until).
    const stays = new Map<string, [number, number][]>();
    const roles = new Map<string, string>();
    const values = new Map<string, Record<string, unknown>>();
    for (const { effects, prev, actor, acl_epoch } of rows) {
      if (effects.some(({ type }) => type === 'task')) expect(roles.get(actor)).toMatch(/owner|editor/);
      for (const [index, effect] of effects.entries()) {
        const key = `${effect.type}|${effect.id}`;
        const before = values.get(key);
        expect(prev[index]).toEqual(
          effect.op === 'patch'
            ? Object.fromEntries(Object.keys(effect.fields).map((field) => [field, before?.[field] ?? null]))
            : (before ?? null),
        );
        if (effect.op === 'put') values.set(key, effect.value);
        else if (effect.op === 'patch') values.set(key, { ...before, ...effect.fields });
        else values.delete(key);
        if (effect.type !== 'member') continue;
        const held = stays.get(effect.id) ?? [];
        if (effect.op === 'del') {
          roles.delete(effect.id);
          held.at(-1)![1] = acl_epoch;
        } else {
          if (!roles.has(effect.id)) held.push([acl_epoch, Infinity]);
          roles.set(effect.id, String((effect.op === 'put' ? effect.value : effect.fields)['role']));
        }
        stays.set(effect.id, held);
      }
    }
    for (const { actor, acl_epoch } of await log(threadScope(threadId))) {
      expect(stays.get(actor)?.some(([since, until]) => since <= acl_epoch && acl_epoch < until)).toBe(true);
    }
    const read = (await feed.readScopes([{ scope, readers: [owner.id] }]))[0]?.read;
    const entities = read?.kind === 'snapshot' ? read.entities : [];
    expect(new Map(entities.map(({ type, id, value }) => [`${type}|${id}`, value]))).toEqual(values);
    expect(await rig.rows('select size from scope where id = $1', [scope])).toEqual([{ size: values.size }]);
    // Every change went out once, from whichever gateway, as it is stored.
    const out = rig.gateways
      .flatMap(({ packets }) => packets.filter((packet) => packet.scope === scope))
      .flatMap((packet) => packet.changes);
    expect(out.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(rows.map(({ seq }) => seq));
    expect(new Map(out.map(({ seq, effects }) => [seq, effects]))).toEqual(
      new Map(rows.map(({ seq, effects }) => [seq, effects])),
    );
  }
});
