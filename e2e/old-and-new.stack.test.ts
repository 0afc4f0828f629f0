import 'fake-indexeddb/auto';
import { contentsOf, titlesOf } from '@muster/testing/held-by-client';
import { setTimeout as delay } from 'node:timers/promises';
import { messageIdOf } from '@muster/domain/run-ids';
import type { MusterClient, Outcome, RunView } from '@muster/client/types';
import { scopeOf, type ScopeId } from '@muster/protocol/id';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { v7 } from 'uuid';
import { signUp } from '../proof/src/chaos/world/sign-up.ts';
import { changedMigrations, packedProgram, PROGRAMS, readReleaseNote } from './product/released.ts';
import { AGES, TwoAges, type Age, type Running } from './product/two-ages.ts';

/** The last release and the present side by side, as a rollout has them: every client on every gateway. */
const PATIENCE = { timeout: 20_000, interval: 25 };
const TURNS = 40;
/** All that `e2e/released` may weigh. */
const RELEASE_BYTES = 1_000_000;

let ages: TwoAges;
let gateways: Record<Age, Running>;
beforeAll(async () => {
  ages = await TwoAges.create();
  const [old, present] = await Promise.all([ages.gateway('old'), ages.gateway('new')]);
  gateways = { old, new: present };
});
afterAll(() => ages?.close());

type Person = Awaited<ReturnType<typeof signUp>>[number];
const applied = async (outcome: Promise<Outcome>) => expect(await outcome).toMatchObject({ status: 'applied' });
const isOpen = (client: MusterClient, scope: ScopeId) =>
  vi.waitFor(() => expect(client.scopeState(scope)).toMatchObject({ state: 'open', isFresh: true }), PATIENCE);

/** Four people who share a list: an old and a new client on an old and a new gateway each. */
async function shareAcrossAges() {
  const people = await signUp(gateways.new.url, 4);
  const places = AGES.flatMap((age) => AGES.map((at) => ({ age, at })));
  const clients = await Promise.all(
    places.map(({ age, at }, n) => ages.client(age, { url: gateways[at].url, token: people[n]!.token })),
  );
  const [first] = clients as [MusterClient];
  const listId = v7();
  const scope = scopeOf('list', listId);
  await applied(first.mutate('list.create', { id: listId, title: 'Both' }).outcome);
  for (const { email } of people.slice(1))
    await applied(first.mutate('member.invite', { listId, email, role: 'editor' }).outcome);
  await Promise.all(clients.map((client) => isOpen(client, scope)));
  return { people, clients, listId, scope };
}

/** Everything sent is in, and everybody holds the same, as the log tells it. */
async function comeToRest(clients: readonly MusterClient[], scope: ScopeId): Promise<void> {
  for (const client of clients)
    await vi.waitFor(() => expect(client.status).toMatchObject({ connection: 'online', pending: 0 }), PATIENCE);
  const [first, ...others] = clients as [MusterClient, ...MusterClient[]];
  const [{ head }] = (await ages.query<{ head: string }>('select head_seq as head from scope where id = $1', [
    scope,
  ])) as [{ head: string }];
  for (const client of clients)
    await vi.waitFor(() => expect(client.scopeState(scope)).toMatchObject({ seq: Number(head) }), PATIENCE);
  for (const other of others) {
    expect(contentsOf(other, scope)).toEqual(contentsOf(first, scope));
    expect(titlesOf(other, scope)).toEqual(titlesOf(first, scope));
  }
  const log = await ages.query<{ seq: string; client_id: string; mid: string }>(
    'select seq, client_id, mid from change where scope_id = $1 order by seq',
    [scope],
  );
  expect(log.map(({ seq }) => Number(seq))).toEqual(Array.from({ length: Number(head) }, (_, n) => n + 1));
  const sent = log.filter(({ mid }) => mid !== null).map(({ client_id, mid }) => `${client_id} ${mid}`);
  expect(new Set(sent).size).toBe(sent.length);
}

/** What one person does in a list: makes, renames, moves, labels, completes, deletes and takes back. */
async function work(client: MusterClient, who: string, listId: string, labelId: string): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  for (let turn = 0; turn < TURNS; turn += 1) {
    const own = [...known.keys()];
    const id = own[(turn * 7) % Math.max(1, own.length)] ?? v7();
    const title = `${who} ${turn}`;
    const [made, ...also] = ((): Promise<Outcome>[] => {
      if (own.length < 3 || turn % 4 === 0) {
        const fresh = v7();
        known.set(fresh, title);
        const place = turn % 3 === 0 ? { after: null } : {};
        return [client.mutate('task.create', { id: fresh, listId, title, ...place }).outcome];
      }
      switch (turn % 4) {
        case 1:
          known.set(id, title);
          return [client.mutate('task.update', { id, fields: { title, priority: 'high' } }).outcome];
        case 2:
          return [
            client.mutate('task.place', { id, after: own.find((other) => other !== id) ?? null }).outcome,
            client.mutate('task.label', { id, add: [labelId] }).outcome,
          ];
        default:
          return [
            client.mutate('task.delete', { id }).outcome,
            client.mutate('task.restore', { id }).outcome,
            client.mutate('task.complete', { id, done: turn % 8 === 3 }).outcome,
          ];
      }
    })();
    await Promise.all([made!, ...also].map(applied));
  }
  return known;
}

test('everybody edits one list, from every client over every gateway, and all end with the same', async () => {
  const { clients, listId, scope } = await shareAcrossAges();
  const labelId = v7();
  await applied(clients[0]!.mutate('label.create', { id: labelId, listId, name: 'shared' }).outcome);
  for (const client of clients) await vi.waitFor(() => expect(client.get('label', labelId)).toBeDefined(), PATIENCE);
  const known = await Promise.all(clients.map((client, n) => work(client, `P${n}`, listId, labelId)));
  await comeToRest(clients, scope);
  const held = new Map(clients[0]!.all(scope, 'task').map(({ id, value }) => [id, value.title]));
  expect(held).toEqual(new Map(known.flatMap((one) => [...one])));
  // A last word on one title, from all at once.
  const [id] = [...held.keys()] as [string];
  for (const [n, client] of clients.entries()) client.mutate('task.update', { id, fields: { title: `Last ${n}` } });
  await comeToRest(clients, scope);
}, 90_000);

test('undo depends on what stands there, whoever asks whom', async () => {
  const { clients, listId, scope } = await shareAcrossAges();
  const id = v7();
  await applied(clients[0]!.mutate('task.create', { id, listId, title: 'Boat' }).outcome);
  for (const client of clients) {
    await vi.waitFor(() => expect(client.get('task', id)).toBeDefined(), PATIENCE);
    const ifStill = [{ type: 'task' as const, id, fields: { title: 'Ship' } }];
    const options = { ifStill, isUnforeseen: true };
    expect(await client.mutate('task.update', { id, fields: { title: 'No' } }, options).outcome).toMatchObject({
      status: 'rejected',
      code: 'conflict',
      details: { conflict: { field: 'title', value: 'Boat' } },
    });
  }
  await comeToRest(clients, scope);
}, 60_000);

test('a removal reaches both at once, and neither tells anything after it', async () => {
  const { people, clients, listId, scope } = await shareAcrossAges();
  const [owner, ...others] = clients as [MusterClient, ...MusterClient[]];
  for (const [n, other] of others.entries()) {
    await applied(owner.mutate('member.remove', { listId, userId: people[n + 1]!.userId }).outcome);
    await applied(owner.mutate('task.create', { id: v7(), listId, title: 'Secret' }).outcome);
    await vi.waitFor(() => expect(other.scopeState(scope).state).not.toBe('open'), PATIENCE);
    expect(titlesOf(other, scope)).toEqual([]);
  }
  await comeToRest([owner], scope);
}, 60_000);

// Workers are rolled out first: mostly a new one answers to old gateways.
test.each(AGES)(
  'everybody watches one run of the %s worker, word for word',
  async (age) => {
    const worker = await ages.worker(age);
    const { clients, listId, scope } = await shareAcrossAges();
    const threadId = v7();
    const thread = scopeOf('thread', threadId);
    await applied(clients[0]!.mutate('thread.create', { id: threadId, listId }).outcome);
    const handles = clients.map((client) => client.open(thread));
    for (const client of clients) await isOpen(client, thread);
    // One question by each, so that old and new gateways both call the worker.
    for (const asker of clients) {
      const messageId = v7();
      const text = 'add bread, butter and jam, and tell me what is still open on this list';
      await applied(asker.mutate('message.send', { id: messageId, threadId, text }).outcome);
      const runIn = (client: MusterClient) =>
        client.all(thread, 'run').find(({ value }) => value.messageId === messageId);
      for (const client of clients) await vi.waitFor(() => expect(runIn(client)).toBeDefined(), PATIENCE);
      const runId = runIn(asker)!.id;
      const faults: string[] = [];
      const readings = clients.map((client) => read(client, runId, faults));
      for (const client of clients)
        await vi.waitFor(() => expect(runIn(client)!.value).toMatchObject({ status: 'completed', attempt: 1 }), {
          ...PATIENCE,
          timeout: 40_000,
        });
      await vi.waitFor(() => {
        for (const [n, client] of clients.entries()) expect(judge(client, runId, readings[n]!.texts)).toEqual([]);
      }, PATIENCE);
      expect(faults).toEqual([]);
      for (const { close } of readings) close();
    }
    await comeToRest(clients, scope);
    await comeToRest(clients, thread);
    expect(titlesOf(clients[0]!, scope).filter((title) => /bread/iu.test(title))).toHaveLength(clients.length);
    for (const handle of handles) handle.close();
    expect(await worker.leave()).toBe(0);
  },
  240_000,
);

test.each([
  ['out of an old gateway into a new one', 'old', 'old', 'new'],
  ['out of an old gateway into a new one', 'new', 'old', 'new'],
  ['back into an old gateway', 'old', 'new', 'old'],
  ['back into an old gateway', 'new', 'new', 'old'],
] as const)(
  'work goes on %s, by a client that is %s',
  async (_way, age, from, to) => {
    const [person] = (await signUp(gateways.new.url, 1)) as [Person];
    const leaving = await ages.gateway(from);
    const door = await ages.door(leaving.url);
    const client = await ages.client(age, { url: door.url, token: person.token });
    const witness = await ages.client('new', { url: gateways.old.url, token: person.token });
    const listId = v7();
    const scope = scopeOf('list', listId);
    await applied(client.mutate('list.create', { id: listId, title: 'On the way' }).outcome);
    const left: Promise<number | null>[] = [];
    const outcomes: Promise<Outcome>[] = [];
    for (let n = 0; n < 40; n += 1) {
      outcomes.push(client.mutate('task.create', { id: v7(), listId, title: `T${n}` }).outcome);
      if (n === 15) {
        door.lead(gateways[to].url);
        left.push(leaving.leave());
      }
      await delay(20);
    }
    await Promise.all(outcomes.map(applied));
    expect(await left[0]).toBe(0);
    await comeToRest([client, witness], scope);
    expect(titlesOf(client, scope)).toEqual(Array.from({ length: 40 }, (_, n) => `T${n}`));
  },
  60_000,
);

test('what an old page keeps in its browser is sent by the new one, once; two tabs of both ages share it', async () => {
  const [person] = (await signUp(gateways.new.url, 1)) as [Person];
  const name = `muster-${v7()}`;
  const enter = (age: Age, at: Age) =>
    ages.client(age, { url: gateways[at].url, token: person.token, storage: ages.storage(age, name) });
  const before = await enter('old', 'new');
  const listId = v7();
  const scope = scopeOf('list', listId);
  await applied(before.mutate('list.create', { id: listId, title: 'Kept' }).outcome);
  await comeToRest([before], scope);
  await ages.stop(before);
  const offline = await ages.client('old', {
    url: 'http://nowhere',
    storage: ages.storage('old', name),
    transport: {
      connect: (_url, _auth, events) => (events.closed('offline'), { send: () => undefined, close: () => undefined }),
    },
  });
  for (let n = 0; n < 5; n += 1) offline.mutate('task.create', { id: v7(), listId, title: `Train ${n}` });
  await vi.waitFor(() => expect(offline.status.pending).toBe(5), PATIENCE);
  await ages.stop(offline);
  const reloaded = await enter('new', 'old');
  await comeToRest([reloaded], scope);
  expect(titlesOf(reloaded, scope)).toEqual(Array.from({ length: 5 }, (_, n) => `Train ${n}`));
  const other = await enter('old', 'new');
  await isOpen(other, scope);
  const outcomes = Array.from({ length: 20 }, (_, n) =>
    [reloaded, other][n % 2]!.mutate('task.create', { id: v7(), listId, title: `Tab ${n}` }),
  );
  await Promise.all(outcomes.map(({ outcome }) => applied(outcome)));
  await comeToRest([reloaded, other], scope);
  expect(titlesOf(other, scope)).toHaveLength(25);
}, 60_000);

test('a migration that was released is never changed, and the release stays small', () => {
  expect(changedMigrations(readReleaseNote())).toEqual([]);
  const bytes = PROGRAMS.reduce((sum, name) => sum + packedProgram(name).length, 0);
  expect(bytes).toBeLessThan(RELEASE_BYTES);
});

/** The longest that a viewer was shown of each item; a word that changes is a fault. */
function read(client: MusterClient, runId: string, faults: string[]) {
  const texts = new Map<string, string>();
  const handle = client.watchRun(runId);
  handle.ready.catch((error: Error) => faults.push(`it could not be watched: ${error.message}`));
  handle.subscribe(({ current, wasInterrupted }: RunView) => {
    if (wasInterrupted) faults.push('words were taken back');
    if (!current) return;
    const known = texts.get(current.itemId) ?? '';
    if (current.text.startsWith(known)) texts.set(current.itemId, current.text);
    else if (!known.startsWith(current.text)) faults.push(`"${known}" became "${current.text}"`);
  });
  return { texts, close: () => handle.close() };
}

/** Words that were shown and are not what is stored; and that nothing was shown at all. */
function judge(client: MusterClient, runId: string, texts: ReadonlyMap<string, string>): string[] {
  const stored = (itemId: string) =>
    client.get('message', messageIdOf(runId, Number(itemId.slice(itemId.lastIndexOf(':') + 1))))?.value.text;
  const wrong = [...texts].filter(([itemId, text]) => !stored(itemId)?.startsWith(text)).map(([, text]) => text);
  return texts.size === 0 ? ['no word was seen while it streamed'] : wrong;
}
