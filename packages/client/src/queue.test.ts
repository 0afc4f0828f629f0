import { MusterError } from '@muster/protocol/error';
import { scopeOf } from '@muster/protocol/id';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeConnection, Frame } from '../test/fake-server.ts';
import { ADA, BEN, LIST, LIST_SCOPE, record, setUp, settled, titles, uuid, type Setup } from '../test/setup.ts';
import { createMemoryDisk, createMemoryStorage } from './memory-storage.ts';
import type { ClientEvents, MusterClient } from './types.ts';

let world: Setup;
let ada: MusterClient;
let rejected: Parameters<ClientEvents['rejected']>[0][];
beforeEach(async () => {
  world = setUp();
  ada = world.client();
  rejected = [];
  ada.on('rejected', (one) => rejected.push(one));
  await ada.start();
  await settled();
});
afterEach(() => world.stop());

const task = (n: number, title = `T${n}`) => ({ id: uuid(n), listId: LIST, title });
const create = (n: number, title?: string) => ada.mutate('task.create', task(n, title));
const rename = (n: number, title: string) => ada.mutate('task.update', { id: uuid(n), fields: { title } });
const only = () => [...world.server.connections][0]!;
const titleOf = (n: number) => ada.get('task', uuid(n))?.value.title;
const mids = () => world.server.taken.map(({ mid }) => mid);

/** Holds the frames of mutations until they are let through. */
function holdMutations(): { held: Frame[]; release(count?: number): void } {
  const held: Frame[] = [];
  const from = new Map<Frame, FakeConnection>();
  world.server.intercept = (frame, connection) =>
    frame.event === 'mutate' && from.set(frame, connection).size > 0 && held.push(frame) > 0;
  return {
    held,
    release(count = Infinity) {
      for (const frame of held.splice(0, count)) world.server.handle(frame, from.get(frame)!);
    },
  };
}

describe('a waiting mutation', () => {
  it('stays until its change is there, not until its answer: no value flickers back', async () => {
    await create(1, 'Milk').outcome;
    await settled();
    const told = record(ada);
    world.server.isDelivering = false;
    expect(await rename(1, 'Oat milk').outcome).toMatchObject({ status: 'applied' });
    await settled();
    expect(titleOf(1)).toBe('Oat milk');
    expect(ada.status.pending).toBe(1);
    world.server.deliver(LIST_SCOPE, 4, 4);
    await settled();
    expect(titleOf(1)).toBe('Oat milk');
    expect(ada.status.pending).toBe(0);
    expect(told).toHaveLength(1);
  });

  it('says how far its list was seen when it was made, or where its edit began', async () => {
    await create(1, 'Milk').outcome;
    const { held } = holdMutations();
    rename(1, 'seen all');
    ada.mutate('task.update', { id: uuid(1), fields: { title: 'began before' } }, { base: 2 });
    await settled();
    const { seq } = ada.scopeState(LIST_SCOPE) as { seq: number };
    expect(held.map(({ data }) => (data as { base: number }).base)).toEqual([seq, 2]);
    expect(seq).toBeGreaterThan(2);
  });

  it('goes with its own change where that comes before the answer, and what follows shows through', async () => {
    await create(1, 'Milk').outcome;
    world.server.intercept = (frame, connection) => {
      if (frame.event !== 'mutate') return false;
      world.server.mutate(frame.data, connection);
      return true;
    };
    rename(1, 'Mine');
    await settled();
    expect(ada.status.pending).toBe(0);
    world.server.act(BEN, 'task.update', { id: uuid(1), fields: { title: 'Theirs' } });
    await settled();
    expect(titleOf(1)).toBe('Theirs');
  });

  it('in a list of one’s own that is not told of yet stays until the list is there', async () => {
    const other = uuid(300);
    world.server.isDelivering = false;
    await ada.mutate('list.create', { id: other, title: 'Mine' }).outcome;
    await ada.mutate('task.create', { id: uuid(1), listId: other, title: 'Milk' }).outcome;
    await settled();
    expect([titleOf(1), ada.status.pending]).toEqual(['Milk', 2]);
    world.server.isDelivering = true;
    only().cut();
    await world.clock.advance(2_000);
    expect([titleOf(1), ada.status.pending]).toEqual(['Milk', 0]);
  });

  it('over two scopes waits for both', async () => {
    const other = uuid(101);
    await ada.mutate('list.create', { id: other, title: 'Other' }).outcome;
    await create(1, 'Milk').outcome;
    await settled();
    world.server.isDelivering = false;
    await ada.mutate('task.place', { id: uuid(1), after: null, listId: other }).outcome;
    const where = () => [titles(ada), titles(ada, scopeOf('list', other))];
    expect(where()).toEqual([[], ['Milk']]);
    world.server.deliver(LIST_SCOPE, 4, 4);
    await settled();
    expect(where()).toEqual([[], ['Milk']]);
    expect(ada.status.pending).toBe(1);
    world.server.deliver(scopeOf('list', other), 2, 2);
    await settled();
    expect(where()).toEqual([[], ['Milk']]);
    expect(ada.status.pending).toBe(0);
  });

  it('covers nobody’s later edit where its own change is there already', async () => {
    const other = uuid(101);
    await ada.mutate('list.create', { id: other, title: 'Other' }).outcome;
    await create(1, 'Milk').outcome;
    await settled();
    world.server.isDelivering = false;
    await ada.mutate('task.place', { id: uuid(1), after: null, listId: other }).outcome;
    world.server.deliver(scopeOf('list', other), 2, 2);
    world.server.act(ADA, 'task.update', { id: uuid(1), fields: { title: 'Oat milk' } });
    world.server.deliver(scopeOf('list', other), 3, 3);
    await settled();
    expect(ada.status.pending).toBe(1);
    expect([titles(ada), titles(ada, scopeOf('list', other))]).toEqual([[], ['Oat milk']]);
  });

  it('that makes a list shows it throughout, also while the new scope is being opened', async () => {
    const id = uuid(101);
    const seen: (string | undefined)[] = [];
    ada.on('entities', () => seen.push(ada.get('list', id)?.value.title));
    ada.on('scope', () => seen.push(ada.get('list', id)?.value.title));
    const handle = (ada.mutate('list.create', { id, title: 'New' }), ada.open(scopeOf('list', id)));
    await handle.ready;
    expect(ada.all(scopeOf('user', ADA), 'membership').map((one) => one.id)).toContain(id);
    await settled();
    expect(ada.scopeState(scopeOf('list', id))).toMatchObject({ state: 'open', isFresh: true, seq: 1 });
    expect(new Set(seen)).toEqual(new Set(['New']));
    expect(ada.status.pending).toBe(0);
  });

  it('keeps its field over incoming ones, and lets the other fields through', async () => {
    await create(1, 'Milk').outcome;
    await settled();
    const mutations = holdMutations();
    rename(1, 'Mine');
    await settled();
    world.server.act(BEN, 'task.update', { id: uuid(1), fields: { title: 'Theirs', notes: 'Fresh' } });
    await settled();
    expect(ada.get('task', uuid(1))?.value).toMatchObject({ title: 'Mine', notes: 'Fresh' });
    mutations.release();
    await settled();
    expect(titleOf(1)).toBe('Mine');
  });

  it('without effects on the server goes at once', async () => {
    await create(1, 'Milk').outcome;
    await settled();
    expect(await rename(1, 'Milk').outcome).toMatchObject({ status: 'applied', seqs: {} });
    expect(ada.status.pending).toBe(0);
  });

  it('throws what the rules foresee, and is not queued', () => {
    expect(() => ada.mutate('task.update', { id: uuid(9), fields: { title: 'No' } })).toThrow(MusterError);
    expect(() => ada.mutate('task.create', { ...task(1), title: '' })).toThrow(
      expect.objectContaining({ code: 'invalid' }),
    );
    expect(() => ada.mutate('no.such' as never, {} as never)).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(ada.status.pending).toBe(0);
  });

  it('whose outcome cannot be foreseen shows nothing until its change', async () => {
    const told = record(ada);
    const mutations = holdMutations();
    world.server.world.accounts.set('eve@example.org', uuid(3));
    ada.mutate('member.invite', { listId: LIST, email: 'eve@example.org', role: 'viewer' });
    await settled();
    expect(told).toEqual([]);
    mutations.release();
    await settled();
    expect(ada.all(LIST_SCOPE, 'member').map(({ id }) => id)).toContain(uuid(3));
  });
});

describe('a rejected mutation', () => {
  it('leaves with those that depend on it, and each is told with its text', async () => {
    world.server.isDelivering = false;
    const mutations = holdMutations();
    const made = create(1, 'Milk');
    const renamed = rename(1, 'Oat milk');
    const unrelated = create(2, 'Eggs');
    await settled();
    const refusal = { status: 'rejected', code: 'limit_reached', message: 'This list is full.' };
    const [first, ...rest] = mutations.held.splice(0);
    const client = { last: 1, answers: new Map([[1, { nonce: 'x'.repeat(36), first: refusal }]]) };
    world.server.clients.set(ada.clientId, client as never);
    world.server.isDelivering = true;
    world.server.intercept = () => undefined;
    first!.answer({ ok: true, data: refusal });
    await settled();
    expect(titles(ada)).toEqual(['Eggs']);
    expect(await made.outcome).toEqual({ ...refusal, mid: 1 });
    expect(await renamed.outcome).toEqual({ status: 'dropped', reason: 'dependency', mid: 2 });
    expect(rejected).toMatchObject([
      { mid: 1, name: 'task.create', args: { title: 'Milk' }, error: { code: 'limit_reached' } },
      { mid: 2, name: 'task.update', args: { fields: { title: 'Oat milk' } }, error: { code: 'not_found' } },
    ]);
    for (const frame of rest) world.server.handle(frame, only());
    expect(await unrelated.outcome).toMatchObject({ status: 'applied' });
    await settled();
    expect(ada.status.pending).toBe(0);
    expect(rejected).toHaveLength(2);
  });

  it('that was not sent yet keeps its mid with nothing in it, so that mids stay without a gap', async () => {
    const storage = createMemoryStorage();
    const offline = world.client({ storage, token: '' });
    await offline.start();
    await storage.setUser(ADA);
    await offline.stop();
    const again = world.client({ storage });
    world.server.intercept = (frame) => frame.event === 'mutate';
    await again.start();
    await settled();
    again.mutate('task.create', task(1));
    for (let n = 2; n <= 70; n += 1) again.mutate('task.update', { id: uuid(1), fields: { title: `T${n}` } });
    await settled();
    const connection = [...world.server.connections].at(-1)!;
    const first = connection.frames.find(({ event }) => event === 'mutate')!;
    world.server.clients.set(again.clientId, { last: 1, answers: new Map() });
    world.server.intercept = () => undefined;
    first.answer({ ok: true, data: { status: 'rejected', code: 'forbidden', message: 'No.' } });
    await settled();
    const waiting = await storage.pending();
    expect(waiting.every(({ name }) => (name as string) === 'client.void')).toBe(true);
    connection.cut();
    await world.clock.advance(1_000);
    await settled(30);
    expect(await storage.pending()).toEqual([]);
    expect(world.server.world.entities.has(`task/${uuid(1)}`)).toBe(false);
    expect(world.server.clients.get(again.clientId)?.last).toBe(70);
  });

  it('never blocks those behind it', async () => {
    world.server.intercept = (frame) => {
      if (frame.event !== 'mutate' || (frame.data as { mid: number }).mid !== 1) return false;
      if ((frame.data as { name: string }).name === 'client.void') return false;
      frame.answer({ ok: false, error: new MusterError('too_large', 'Too much.').toWire() });
      return true;
    };
    const poison = create(1, 'Poison');
    const fine = create(2, 'Fine');
    expect(await poison.outcome).toMatchObject({ status: 'rejected', code: 'too_large' });
    await world.clock.advance(1_000);
    expect(await fine.outcome).toMatchObject({ status: 'applied', mid: 2 });
    expect(rejected).toMatchObject([{ name: 'task.create', args: { title: 'Poison' } }]);
    await settled();
    expect(titles(ada)).toEqual(['Fine']);
    expect(ada.status.pending).toBe(0);
  });

  it('nor does one on which the server fails again and again', async () => {
    world.server.intercept = (frame) => {
      const { mid, name } = frame.data as { mid: number; name: string };
      if (frame.event !== 'mutate' || mid !== 1 || name === 'client.void') return false;
      frame.answer({ ok: false, error: new MusterError('internal', 'Oops.').toWire() });
      return true;
    };
    create(1, 'Poison');
    const fine = create(2, 'Fine');
    await world.clock.advance(60_000);
    expect(await fine.outcome).toMatchObject({ status: 'applied', mid: 2 });
    expect(rejected).toMatchObject([{ args: { title: 'Poison' }, error: { code: 'internal' } }]);
  });
});

describe('pushing', () => {
  it('keeps at most 64 in flight', async () => {
    const mutations = holdMutations();
    for (let n = 1; n <= 150; n += 1) create(n);
    await settled();
    expect(mutations.held).toHaveLength(64);
    mutations.release(10);
    await settled();
    expect(mutations.held).toHaveLength(64);
    world.server.intercept = () => undefined;
    mutations.release();
    await settled(30);
    expect(mids()).toEqual(Array.from({ length: 150 }, (_, n) => n + 1));
    expect(titles(ada)).toHaveLength(150);
  });

  it('counts the window from the oldest whose answer is stored', async () => {
    const storage = createMemoryStorage();
    let stored: () => void = () => {};
    const slow = {
      ...storage,
      settle: (...args: Parameters<typeof storage.settle>) =>
        new Promise<void>((resolve) => (stored = () => resolve(storage.settle(...args)))),
    };
    const other = world.client({ storage: slow });
    await other.start();
    await settled();
    world.server.isDelivering = false;
    const mutations = holdMutations();
    for (let n = 1; n <= 100; n += 1) other.mutate('task.create', task(n));
    await settled();
    const connection = [...world.server.connections].at(-1)!;
    const first = mutations.held.shift()!;
    world.server.handle(first, connection);
    await settled();
    expect(mutations.held).toHaveLength(63);
    stored();
    await settled();
    expect(mutations.held).toHaveLength(64);
    for (let n = 0; n < 200; n += 1) stored();
    world.server.intercept = () => undefined;
    slow.settle = storage.settle;
  });

  it('sends again with the same mid and nonce after a lost connection, and nothing happens twice', async () => {
    world.server.intercept = (frame, connection) => {
      if (frame.event !== 'mutate') return false;
      world.server.isDelivering = false;
      world.server.mutate(frame.data, connection);
      world.server.isDelivering = true;
      return true;
    };
    const before = only();
    const { outcome } = create(1, 'Milk');
    await settled();
    const sent = before.frames.find(({ event }) => event === 'mutate')!.data;
    world.server.intercept = () => undefined;
    before.cut();
    await world.clock.advance(1_000);
    expect(await outcome).toEqual({ status: 'applied', seqs: { [LIST_SCOPE]: 3 }, mid: 1 });
    expect(titles(ada)).toEqual(['Milk']);
    expect(world.server.seq(LIST_SCOPE)).toBe(3);
    const again = only().frames.find(({ event }) => event === 'mutate');
    if (again) expect(again.data).toEqual(sent);
  });

  it('waits as long as it is told, and keeps the order', async () => {
    let refusals = 0;
    world.server.intercept = (frame) => {
      if (frame.event !== 'mutate' || refusals > 0) return false;
      refusals += 1;
      frame.answer({ ok: false, error: new MusterError('rate_limited', 'Slowly.', { retryAfterMs: 700 }).toWire() });
      return true;
    };
    for (let n = 1; n <= 3; n += 1) create(n);
    await world.clock.advance(600);
    expect(mids()).toEqual([]);
    await world.clock.advance(200);
    expect(mids()).toEqual([1, 2, 3]);
  });

  it('does not mind complaints of an earlier round', async () => {
    const before = ada.clientId;
    const mutations = holdMutations();
    const outcomes = [create(1), create(2), create(3)].map(({ outcome }) => outcome);
    await settled();
    const [first, ...late] = mutations.held.splice(0);
    world.server.intercept = () => undefined;
    first!.answer({ ok: false, error: new MusterError('rate_limited', 'Slowly.', { retryAfterMs: 10 }).toWire() });
    await world.clock.advance(20);
    expect((await Promise.all(outcomes)).map(({ status }) => status)).toEqual(['applied', 'applied', 'applied']);
    for (const frame of late) frame.answer({ ok: true, data: { status: 'out_of_order', expected: 1 } });
    await world.clock.advance(5_000);
    expect(ada.clientId).toBe(before);
    expect(world.server.taken).toHaveLength(3);
  });

  it('sends nothing past a mid that it has not heard of', async () => {
    const disk = createMemoryDisk();
    const client = world.client({ storage: createMemoryStorage(disk) });
    await client.start();
    await settled();
    // Another tab's, whose news did not come.
    const unheard = {
      nonce: 'a'.repeat(36),
      name: 'task.create' as const,
      args: task(1),
      base: null,
      queuedAt: 1,
      seqs: null,
    };
    await createMemoryStorage(disk).enqueue(unheard);
    await client.mutate('task.create', task(2)).outcome;
    const sent = [...world.server.connections].at(-1)!.frames.filter(({ event }) => event === 'mutate');
    expect(sent.map(({ data }) => (data as { mid: number }).mid)).toEqual([1, 2]);
    await settled();
    expect(titles(client)).toEqual(['T1', 'T2']);
  });

  it('goes back to the mid that the server waits for', async () => {
    let isFirst = true;
    world.server.intercept = (frame) => {
      if (frame.event !== 'mutate' || !isFirst) return false;
      isFirst = false;
      frame.answer({ ok: false, error: new MusterError('unavailable', 'Not now.').toWire() });
      return true;
    };
    for (let n = 1; n <= 3; n += 1) create(n);
    await world.clock.advance(5_000);
    expect(mids()).toEqual([1, 2, 3]);
  });

  it('takes a new clientId where somebody cloned it, and what was applied under the old one is not done again', async () => {
    const before = ada.clientId;
    await create(1).outcome;
    // The copy of this browser used mid 2.
    const copy = { mid: 2, nonce: 'f'.repeat(36), name: 'task.create', args: task(50, 'Copy') };
    world.server.mutate(copy, { userId: ADA, auth: { clientId: before, protocol: 1 } });
    const mutations = holdMutations();
    const outcomes = [create(2), create(3), create(4)].map(({ outcome }) => outcome);
    await settled();
    world.server.intercept = () => undefined;
    mutations.release(1);
    // The other two are still on their way to the server: it applies them under the old id.
    await world.clock.advance(500);
    mutations.release();
    await world.clock.advance(5_000);
    expect(ada.clientId).not.toBe(before);
    expect((await Promise.all(outcomes)).map(({ status }) => status)).toEqual(['applied', 'applied', 'applied']);
    expect(titles(ada)).toEqual(['T1', 'Copy', 'T3', 'T4', 'T2']);
    expect(ada.status.pending).toBe(0);
  });

  it('offers again what a server that lost its last minutes had answered', async () => {
    world.server.isDelivering = false;
    await create(1, 'Milk').outcome;
    // Restored to before: another log, without the change and without the mid.
    world.server.logs.set(LIST_SCOPE, world.server.logs.get(LIST_SCOPE)!.slice(0, 2));
    world.server.world.entities.delete(`task/${uuid(1)}`);
    world.server.clients.clear();
    world.server.logEpoch = '33333333-3333-4333-8333-333333333333';
    world.server.isDelivering = true;
    world.server.hello(only());
    await world.clock.advance(2_000);
    expect(world.server.world.entities.has(`task/${uuid(1)}`)).toBe(true);
    expect(titles(ada)).toEqual(['Milk']);
    expect(ada.status.pending).toBe(0);
  });
});

describe('storage', () => {
  it('keeps what waits over a restart without a server, and paints it at once', async () => {
    const disk = createMemoryDisk();
    const first = world.client({ storage: createMemoryStorage(disk) });
    await first.start();
    await settled();
    world.server.intercept = (frame) => frame.event === 'mutate';
    const { nonce } = first.mutate('task.create', task(1, 'Milk'));
    await settled();
    await first.stop();
    const second = world.client({ storage: createMemoryStorage(disk), token: '' });
    const hydrated: string[][] = [];
    second.on('hydrated', () => hydrated.push(titles(second)));
    await second.start();
    expect(titles(second)).toEqual(['Milk']);
    expect(second.userId).toBe(ADA);
    expect(second.scopeState(LIST_SCOPE)).toMatchObject({ state: 'open', isFresh: false });
    expect(hydrated).toHaveLength(1);
    await second.stop();
    world.server.intercept = () => undefined;
    const third = world.client({ storage: createMemoryStorage(disk) });
    await third.start();
    await settled();
    expect([...world.server.clients.get(third.clientId)!.answers.values()].map((one) => one.nonce)).toEqual([nonce]);
    expect(third.status.pending).toBe(0);
  });

  it('that cannot be used at all leaves a page that works', async () => {
    const broken = createMemoryStorage();
    const other = world.client({ storage: { ...broken, identity: () => Promise.reject(new Error('not allowed')) } });
    await other.start();
    await settled();
    expect(await other.mutate('task.create', task(1, 'Milk')).outcome).toMatchObject({ status: 'applied' });
  });
});
