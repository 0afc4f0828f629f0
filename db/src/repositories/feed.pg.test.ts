import type { WireEntity } from '@muster/protocol/entity';
import type { ScopeId } from '@muster/protocol/id';
import type { Role } from '@muster/protocol/principal';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { v4, v7 } from 'uuid';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { listScope, Rig, threadScope, userScope, type Person } from '../../test/rig.ts';
import { createDatabase } from '../connection.ts';
import { createFeedRepository } from './feed.repository.ts';
import type { FeedRepository, ScopeAsk, ScopeRead } from './feed-types.ts';

let database: TestDatabase;
let rig: Rig;
let feed: FeedRepository;
let ada: Person;
let logEpoch: string;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = new Rig(database.url);
  feed = createFeedRepository(createDatabase(rig.pool));
  ada = await rig.person();
  logEpoch = (await feed.readPositions([], [])).logEpoch;
});
afterAll(async () => {
  await rig.close();
  await database.drop();
});

/** What one reader gets, by scope. */
async function readAs(reader: string, wants: Omit<ScopeAsk, 'readers'>[]) {
  const answers = await feed.readScopes(wants.map((want) => ({ ...want, readers: [reader] })));
  const found = new Map<ScopeId, ScopeRead & { role: Role }>();
  for (const answer of answers) {
    const role = answer?.roles.get(reader);
    if (answer && role) found.set(answer.read.scope, { ...answer.read, role });
  }
  return found;
}

const keys = (entities: WireEntity[]) => entities.map(({ type, id }) => `${type}|${id}`).sort();

describe('readScopes', () => {
  test('a snapshot holds each live entity once, in the shape that was published', async () => {
    const list = await ada.list();
    const task = await ada.task(list, { due: { date: '2026-01-02' }, notes: 'n' });
    await ada.did('task.delete', { id: await ada.task(list) });
    const label = v7();
    await ada.did('label.create', { id: label, listId: list, name: 'Home' });
    const thread = await ada.thread(list);
    const read = (await readAs(ada.id, [{ scope: listScope(list) }])).get(listScope(list));
    expect(read).toMatchObject({
      kind: 'snapshot',
      role: 'owner',
      seq: 6,
      aclEpoch: 1,
      logEpoch,
      acl: listScope(list),
    });
    const entities = read?.kind === 'snapshot' ? read.entities : [];
    expect(keys(entities)).toEqual(
      [`label|${label}`, `list|${list}`, `member|${ada.id}`, `task|${task}`, `thread|${thread}`].sort(),
    );
    const published = rig.first.packets.flatMap(({ changes }) => changes.flatMap(({ effects }) => effects));
    for (const { type, id, value } of entities) {
      expect(published.find((effect) => effect.op === 'put' && effect.type === type && effect.id === id)).toMatchObject(
        { value },
      );
    }
    expect((read as { next?: string }).next).toBeUndefined();
  });

  test('changes after a position, as they went out; a snapshot where the log cannot answer', async () => {
    const list = await ada.list();
    const scope = listScope(list);
    for (let n = 0; n < 5; n++) await ada.task(list);
    const read = async (seq: number, epoch = logEpoch) =>
      (await readAs(ada.id, [{ scope, after: { seq, logEpoch: epoch } }])).get(scope);
    const changes = await read(2);
    expect(changes).toMatchObject({ kind: 'changes', from: 3, to: 6, epochs: [1, 1, 1, 1] });
    const published = rig.first.packets.filter((packet) => packet.scope === scope).flatMap((packet) => packet.changes);
    expect(changes?.kind === 'changes' && changes.changes).toEqual(published.slice(2));
    expect(await read(6)).toMatchObject({ kind: 'changes', from: 7, to: 6, changes: [], epochs: [] });
    // Above Postgres's head, another log, below the floor, too long a tail.
    expect(await read(7)).toMatchObject({ kind: 'snapshot', seq: 6 });
    expect(await read(2, v4())).toMatchObject({ kind: 'snapshot' });
    await rig.pool.query('update scope set floor_seq = 3 where id = $1', [scope]);
    expect(await read(2)).toMatchObject({ kind: 'snapshot' });
    expect(await read(3)).toMatchObject({ kind: 'changes', from: 4 });
  });

  test('strangers, absent and gone scopes get the same: nothing', async () => {
    const eve = await rig.person();
    const list = await ada.list();
    const thread = await ada.thread(list);
    const own = await ada.thread();
    const wants = [list, v7()].map(listScope).concat(threadScope(thread), threadScope(own), userScope(ada.id));
    expect(
      (
        await readAs(
          eve.id,
          wants.map((scope) => ({ scope })),
        )
      ).size,
    ).toBe(0);
    expect(
      (
        await readAs(
          ada.id,
          wants.map((scope) => ({ scope })),
        )
      ).size,
    ).toBe(4);
    await ada.did('list.delete', { id: list });
    expect(
      [
        ...(
          await readAs(
            ada.id,
            wants.map((scope) => ({ scope })),
          )
        ).keys(),
      ].sort(),
    ).toEqual([threadScope(own), userScope(ada.id)].sort());
    expect(await feed.findHead(listScope(list))).toMatchObject({ gone: 'deleted' });
  });
});

describe('one read for many', () => {
  test('each has their own right to it, whoever is asked for first, and content is of the same moment', async () => {
    const [bob, eve] = [await rig.person(), await rig.person()];
    const list = await ada.list();
    await ada.letIn(bob, list, 'viewer');
    const scope = listScope(list);
    const other = listScope(await bob.list());
    const readers = [eve.id, bob.id, ada.id];
    const answers = await feed.readScopes([
      { scope, readers },
      { scope, after: { seq: 1, logEpoch }, readers },
      { scope: other, readers },
      { scope: other, readers: [ada.id, eve.id] },
      { scope: listScope(v7()), readers },
    ]);
    expect(answers.map((answer) => answer && [answer.read.scope, answer.read.kind])).toEqual([
      [scope, 'snapshot'],
      [scope, 'changes'],
      [other, 'snapshot'],
      undefined,
      undefined,
    ]);
    const roles = answers.map((answer) => answer && Object.fromEntries(answer.roles));
    expect(roles.slice(0, 3)).toEqual([
      { [ada.id]: 'owner', [bob.id]: 'viewer' },
      { [ada.id]: 'owner', [bob.id]: 'viewer' },
      { [bob.id]: 'owner' },
    ]);
    expect(await feed.readScopes([])).toEqual([]);
  });

  test('a gone list is nobody’s', async () => {
    const list = await ada.list();
    const bob = await rig.person();
    await ada.letIn(bob, list);
    await ada.did('list.delete', { id: list });
    expect(await feed.readScopes([{ scope: listScope(list), readers: [ada.id, bob.id] }])).toEqual([undefined]);
  });
});

describe('pages', () => {
  async function readAll(
    scope: ReturnType<typeof listScope>,
  ): Promise<{ entities: WireEntity[]; pages: number; largest: number }> {
    const first = (await readAs(ada.id, [{ scope }])).get(scope);
    if (first?.kind !== 'snapshot') throw new Error('no snapshot');
    const entities = [...first.entities];
    let [pages, largest] = [1, JSON.stringify(first.entities).length];
    for (let { next } = first; next !== undefined; pages++) {
      const page = await feed.readPage(ada.id, scope, next);
      entities.push(...(page?.entities ?? []));
      largest = Math.max(largest, JSON.stringify(page?.entities).length);
      next = page?.next;
    }
    return { entities, pages, largest };
  }

  test('a long list comes in pages of about a megabyte, each task once', async () => {
    const list = await ada.list();
    await Promise.all(
      Array.from({ length: 300 }, (_, n) => ada.task(list, { notes: 'x'.repeat(n % 3 === 0 ? 19_000 : 10) })),
    );
    const { entities, pages, largest } = await readAll(listScope(list));
    expect(pages).toBeGreaterThan(2);
    expect(largest).toBeLessThan(1_000_000);
    expect(keys(entities)).toEqual([...new Set(keys(entities))]);
    expect(entities.filter(({ type }) => type === 'task')).toHaveLength(300);
  });

  test('a long conversation: messages, runs and items, each once', async () => {
    const id = await ada.thread();
    const scope = threadScope(id);
    await rig.pool.query(
      `insert into message (id, scope_id, role, author_id, parts, text, file_ids, created_at)
       select gen_random_uuid()::text, $1, 'user', 'x', '[]', repeat('w', 10000), '[]', n from generate_series(1, 120) n`,
      [scope],
    );
    await rig.pool.query(
      `insert into run (id, scope_id, message_id, asker_id, status, attempt, queued_at)
       select gen_random_uuid()::text, $1, 'm', 'x', 'completed', 1, n from generate_series(1, 3000) n`,
      [scope],
    );
    await rig.pool.query(
      `insert into run_item (run_id, n, scope_id, kind, body, state)
       select r.id, n, $1, 'message', '{"messageId": "m"}', 'done' from run r, generate_series(0, 2) n where r.scope_id = $1`,
      [scope],
    );
    const { entities, pages } = await readAll(scope);
    const sizes = Object.fromEntries(
      Object.entries(Object.groupBy(entities, ({ type }) => type)).map(([type, of]) => [type, of?.length]),
    );
    expect(sizes).toEqual({ message: 120, run: 3000, run_item: 9000 });
    expect(new Set(keys(entities)).size).toBe(12_120);
    expect(pages).toBeGreaterThan(3);
  });

  test('the role is read again for each, and a cursor that we did not make finds nothing', async () => {
    const list = await ada.list();
    const bob = await rig.person();
    await ada.letIn(bob, list);
    const next = `task|${'0'.repeat(8)}-0000-0000-0000-000000000000`;
    expect(await feed.readPage(bob.id, listScope(list), next)).toMatchObject({ aclEpoch: 1 });
    await ada.did('member.remove', { listId: list, userId: bob.id });
    expect(await feed.readPage(bob.id, listScope(list), next)).toBeUndefined();
    expect(await feed.readPage(ada.id, userScope(ada.id), 'message|')).toBeUndefined();
    for (const bad of ['', '|', 'member|', "task|' or true", 'message|', 'task|zzz']) {
      expect(await feed.readPage(ada.id, listScope(list), bad)).toBeUndefined();
    }
  });
});

describe('what the bus asks', () => {
  test('members and epoch of one moment, for a thread those of its list', async () => {
    const list = await ada.list();
    const bob = await rig.person();
    await ada.letIn(bob, list, 'viewer');
    const thread = await ada.thread(list);
    expect(await feed.readMembers(threadScope(thread))).toEqual({
      aclEpoch: 1,
      members: new Map(
        [
          [ada.id, 'owner'],
          [bob.id, 'viewer'],
        ].sort() as [string, 'owner'][],
      ),
      gone: null,
      goneTo: null,
    });
    await ada.did('member.remove', { listId: list, userId: bob.id });
    expect(await feed.readMembers(threadScope(thread))).toMatchObject({
      aclEpoch: 2,
      members: new Map([[ada.id, 'owner']]),
    });
    expect(await feed.readMembers(listScope(v7()))).toBeUndefined();
  });

  test('rights come down from a parent, the highest counts', async () => {
    const list = await ada.list();
    const [team, bob] = [v7(), await rig.person()];
    await rig.pool.query(`insert into acl (id) values ($1)`, [team]);
    await rig.pool.query(`update acl set parent_id = $1 where id = $2`, [team, listScope(list)]);
    await rig.pool.query(
      `insert into acl_grant (acl_id, subject, role) values ($1, $2, 'editor'), ($3, $2, 'viewer')`,
      [team, bob.id, listScope(list)],
    );
    expect((await feed.readMembers(listScope(list)))?.members.get(bob.id)).toBe('editor');
    expect((await readAs(bob.id, [{ scope: listScope(list) }])).get(listScope(list))?.role).toBe('editor');
    expect(await bob.did('task.create', { id: v7(), listId: list, title: 'as an editor' })).toMatchObject({
      status: 'applied',
    });
    await rig.pool.query(`update acl_grant set expires_at = 1 where acl_id = $1`, [team]);
    await expect(bob.did('task.create', { id: v7(), listId: list, title: 'expired' })).rejects.toThrow(/forbidden/);
  });

  test('positions: heads, the log’s epoch, and which sessions and tokens still hold', async () => {
    const list = await ada.list();
    const [valid, expired, token, revoked] = [v4(), v4(), v4(), v4()];
    await rig.pool.query(
      `insert into session (id, "expiresAt", token, "updatedAt", "userId") values ($1, now() + interval '1 hour', $1, now(), $3), ($2, now() - interval '1 s', $2, now(), $3)`,
      [valid, expired, ada.id],
    );
    await rig.pool.query(
      `insert into api_token (id, principal_id, name, secret_hash, revoked_at) values ($1, $3, 't', $1, null), ($2, $3, 't', $2, 1)`,
      [token, revoked, ada.id],
    );
    const read = await feed.readPositions([listScope(list), listScope(v7())], [valid, expired, token, revoked, v4()]);
    expect([...read.heads]).toEqual([
      [
        listScope(list),
        { scope: listScope(list), acl: listScope(list), seq: 1, aclEpoch: 1, logEpoch, gone: null, goneTo: null },
      ],
    ]);
    expect([...read.validSessions].sort()).toEqual([valid, token].sort());
    expect(read.logEpoch).toBe(logEpoch);
  });

  test('a gap’s rows and profiles', async () => {
    const list = await ada.list();
    for (let n = 0; n < 3; n++) await ada.task(list);
    const gap = await feed.readChanges(listScope(list), 2);
    expect(gap).toMatchObject({ head: { seq: 4 }, floorSeq: 0 });
    expect(gap?.changes.map(({ seq }) => seq)).toEqual([3, 4]);
    expect(gap?.epochs).toEqual([1, 1]);
    const bob = await rig.person();
    await ada.letIn(bob, list);
    await ada.did('member.remove', { listId: list, userId: bob.id });
    await ada.task(list);
    expect((await feed.readChanges(listScope(list), 3))?.epochs).toEqual([1, 1, 2, 2]);
    expect(await feed.readChanges(listScope(v7()), 0)).toBeUndefined();
    expect(await feed.readProfiles([ada.id, v7()])).toEqual({
      [ada.id]: { name: 'Someone', image: null, kind: 'person' },
    });
  });
});
