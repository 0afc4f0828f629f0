import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EPOCH_B } from '../test/fake-server.ts';
import { ADA, BEN, LIST, LIST_SCOPE, setUp, settled, titles, uuid, type Setup } from '../test/setup.ts';
import { createMemoryDisk, createMemoryStorage, type MemoryDisk } from './memory-storage.ts';
import type { ClientEvents, MusterClient } from './types.ts';
// Fetched when it is needed: time stands still here while it is.
import './former-asking.ts';

let world: Setup;
let disk: MemoryDisk;
let ada: MusterClient;
let rejected: Parameters<ClientEvents['rejected']>[0][];
beforeEach(async () => {
  world = setUp();
  disk = createMemoryDisk();
  ada = world.client({ storage: createMemoryStorage(disk) });
  rejected = [];
  ada.on('rejected', (one) => rejected.push(one));
  await ada.start();
  await settled();
});
afterEach(() => world.stop());

const create = (n: number, title = `T${n}`) => ada.mutate('task.create', { id: uuid(n), listId: LIST, title });
const only = () => [...world.server.connections][0]!;
const nonces = () => [...world.server.clients.get(ada.clientId)!.answers.values()].map(({ nonce }) => nonce);

/** The log goes back to where it held the first tasks of this client alone, and nobody has been told yet. */
function restore(kept: number): void {
  const { server } = world;
  const log = server.logs.get(LIST_SCOPE)!;
  const own = log.filter(({ mid }) => mid !== undefined);
  for (const { mid, effects } of own) {
    if (mid! > kept) for (const { id } of effects) server.world.entities.delete(`task/${id}`);
  }
  server.logs.set(
    LIST_SCOPE,
    log.filter(({ mid }) => mid === undefined || mid <= kept),
  );
  const client = server.clients.get(ada.clientId)!;
  for (const mid of client.answers.keys()) if (mid > kept) client.answers.delete(mid);
  client.last = kept;
  server.logEpoch = EPOCH_B;
}

describe('a server that was restored and has not said so yet', () => {
  it('and waits for a mid that it had acknowledged is offered what it lost, from there on', async () => {
    const made = [1, 2, 3].map((n) => create(n));
    await Promise.all(made.map(({ outcome }) => outcome));
    await settled();
    const before = ada.clientId;
    restore(1);
    made.push(create(4));
    await world.clock.advance(2_000);
    world.server.hello(only());
    await world.clock.advance(5_000);
    expect(ada.clientId).toBe(before);
    expect(nonces()).toEqual(made.map(({ nonce }) => nonce));
    expect(titles(ada)).toEqual(['T1', 'T2', 'T3', 'T4']);
    expect([ada.status.pending, rejected, await createMemoryStorage(disk).pending()]).toEqual([0, [], []]);
  });

  it('is offered also what it had answered and not yet told', async () => {
    world.server.isDelivering = false;
    const made = [1, 2].map((n) => create(n));
    await Promise.all(made.map(({ outcome }) => outcome));
    restore(0);
    world.server.isDelivering = true;
    made.push(create(3));
    await world.clock.advance(2_000);
    world.server.hello(only());
    await world.clock.advance(5_000);
    expect(nonces()).toEqual(made.map(({ nonce }) => nonce));
    expect(titles(ada)).toEqual(['T1', 'T2', 'T3']);
    expect([ada.status.pending, rejected, await createMemoryStorage(disk).pending()]).toEqual([0, [], []]);
  });

  it('and went back further than this device remembers takes the rest under a new clientId', async () => {
    const made = [1, 2, 3].map((n) => create(n));
    await Promise.all(made.map(({ outcome }) => outcome));
    await settled();
    const before = ada.clientId;
    disk.current!.acknowledged.delete(1);
    restore(0);
    made.push(create(4));
    await world.clock.advance(5_000);
    world.server.hello(only());
    await world.clock.advance(5_000);
    expect(ada.clientId).not.toBe(before);
    expect(nonces()).toEqual([made[3]!.nonce]);
    const done = world.server.taken.filter(({ first }) => first.status === 'applied').slice(3);
    expect(new Set(done.map(({ clientId }) => clientId)).size).toBe(2);
    expect(titles(ada)).toEqual(['T2', 'T3', 'T4']);
    expect([ada.status.pending, rejected]).toEqual([0, []]);
  });

  it('or forgot what this device has forgotten too, has what waits queued again under a new clientId', async () => {
    const before = ada.clientId;
    for (let n = 1; n <= 3; n += 1) await create(n).outcome;
    await settled();
    disk.current!.acknowledged.clear();
    world.server.clients.set(before, { last: 1, answers: new Map() });
    const made = [create(4), create(5)].map(({ nonce }) => nonce);
    await world.clock.advance(5_000);
    expect(ada.clientId).not.toBe(before);
    const taken = world.server.taken.filter(({ clientId }) => clientId === ada.clientId);
    expect(taken.map(({ mid }) => mid)).toEqual([1, 2]);
    expect(nonces()).toEqual(made);
    expect(titles(ada)).toEqual(['T1', 'T2', 'T3', 'T4', 'T5']);
  });

  it('has its last answer from before heard in a tab that knows of the restore: it proves nothing there', async () => {
    const other = world.client({ storage: createMemoryStorage(disk) });
    await other.start();
    await settled();
    const answers: (() => void)[] = [];
    world.server.intercept = (frame, connection) => {
      if (frame.event !== 'mutate') return false;
      const answer = world.server.mutate(frame.data, connection);
      answers.push(() => frame.answer(answer));
      return true;
    };
    create(1);
    await settled();
    restore(0);
    const [adas, others] = [...world.server.connections];
    world.server.hello(others!);
    for (const n of [7, 8]) world.server.act(BEN, 'task.create', { id: uuid(n), listId: LIST, title: `T${n}` });
    await settled();
    world.server.intercept = () => undefined;
    for (const answer of answers) answer();
    await settled();
    world.server.hello(adas!);
    await world.clock.advance(30_000);
    expect(world.server.world.entities.has(`task/${uuid(1)}`)).toBe(true);
    for (const tab of [ada, other]) expect(titles(tab).sort()).toEqual(['T1', 'T7', 'T8']);
    expect([ada.status.pending, other.status.pending]).toEqual([0, 0]);
  });
});

describe('a server that was restored and has not said so yet, and met a copy of this client', () => {
  /** What a copy of this browser's profile did after the restore. */
  const copyDid = (...mids: number[]) => {
    for (const mid of mids) {
      const args = { id: uuid(70 + mid), listId: LIST, title: `C${mid}` };
      const mutation = { mid, nonce: `copy-${mid}-of-this-client`, name: 'task.create', args };
      world.server.mutate(mutation, { userId: ADA, auth: { clientId: ada.clientId, protocol: 1 } });
    }
  };
  const isSaid = async () => {
    await world.clock.advance(5_000);
    world.server.hello(only());
    await world.clock.advance(30_000);
  };
  const taken = () =>
    world.server.taken.filter(({ name, first }) => name === 'task.create' && first.status === 'applied').length;

  it('is offered under a new clientId what it lost, and nothing that it holds', async () => {
    const before = ada.clientId;
    const made = [1, 2, 3].map((n) => create(n));
    await Promise.all(made.map(({ outcome }) => outcome));
    await settled();
    restore(1);
    copyDid(2, 3, 4);
    made.push(create(4));
    await isSaid();
    expect(ada.clientId).not.toBe(before);
    expect(titles(ada).sort()).toEqual(['C2', 'C3', 'C4', 'T1', 'T2', 'T3', 'T4']);
    // Three that were lost with the log, three of the copy's, and each of ours once more but the first.
    expect([taken(), rejected, ada.status.pending]).toEqual([3 + 3 + 3, [], 0]);
    expect(await made[3]!.outcome).toMatchObject({ status: 'applied' });
  });

  it('does again in their order what needs one another', async () => {
    const made = [create(1), ada.mutate('task.update', { id: uuid(1), fields: { title: 'Renamed' } })];
    await Promise.all(made.map(({ outcome }) => outcome));
    await settled();
    restore(0);
    // Only the first: what comes next under the old id would be taken by the server before it.
    copyDid(1);
    made.push(ada.mutate('task.update', { id: uuid(1), fields: { notes: 'More' } }));
    await isSaid();
    expect([ada.get('task', uuid(1))?.value, rejected]).toMatchObject([{ title: 'Renamed', notes: 'More' }, []]);
  });

  it('or goes back only after the clientId was another: what was done under the old one is kept for it', async () => {
    const first = create(1);
    await first.outcome;
    await settled();
    const old = ada.clientId;
    copyDid(2);
    await create(2).outcome;
    await world.clock.advance(5_000);
    expect([ada.clientId === old, titles(ada).sort()]).toEqual([false, ['C2', 'T1', 'T2']]);
    await create(3).outcome;
    await settled();
    restore(0);
    for (const id of [1, 72, 2, 3].map(uuid)) world.server.world.entities.delete(`task/${id}`);
    world.server.logs.set(
      LIST_SCOPE,
      world.server.logs.get(LIST_SCOPE)!.filter(({ mid }) => mid === undefined),
    );
    world.server.clients.set(old, { last: 0, answers: new Map() });
    await isSaid();
    expect([titles(ada).sort(), rejected]).toEqual([['T1', 'T2', 'T3'], []]);
  });

  it('asks without words: nothing is done under the old clientId before what is lost with it', async () => {
    world.server.act(BEN, 'task.create', { id: uuid(9), listId: LIST, title: 'Ben’s' });
    for (const title of ['A', 'B']) await ada.mutate('task.update', { id: uuid(9), fields: { title } }).outcome;
    await settled();
    const old = ada.clientId;
    copyDid(3);
    await create(3).outcome;
    await world.clock.advance(5_000);
    expect([ada.clientId === old, ada.get('task', uuid(9))?.value.title]).toEqual([false, 'B']);
    // The log has lost both, and has another one of the copy's in the place of the first.
    world.server.act(BEN, 'task.update', { id: uuid(9), fields: { title: 'Ben’s' } });
    world.server.clients.set(old, { last: 0, answers: new Map() });
    world.server.logEpoch = EPOCH_B;
    const mutation = { mid: 1, nonce: 'copy-1-of-this-client', name: 'client.void', args: {} };
    world.server.mutate(mutation as never, { userId: ADA, auth: { clientId: old, protocol: 1 } });
    await isSaid();
    expect([ada.get('task', uuid(9))?.value.title, rejected]).toEqual(['B', []]);
  });

  it('asks once for all tabs, and again after a page was closed in the middle', async () => {
    const other = world.client({ storage: createMemoryStorage(disk) });
    await other.start();
    const made = [1, 2, 3].map((n) => create(n));
    await Promise.all(made.map(({ outcome }) => outcome));
    await settled();
    restore(0);
    copyDid(1, 2, 3, 4);
    create(4);
    await world.clock.advance(5_000);
    for (const connection of [...world.server.connections]) world.server.hello(connection);
    await settled();
    await ada.stop();
    await world.clock.advance(30_000);
    const again = world.client({ storage: createMemoryStorage(disk) });
    await again.start();
    await world.clock.advance(30_000);
    for (const tab of [other, again]) {
      expect(titles(tab).sort()).toEqual(['C1', 'C2', 'C3', 'C4', 'T1', 'T2', 'T3', 'T4']);
    }
    expect([taken(), rejected]).toEqual([3 + 4 + 4, []]);
  });

  it('does not apply twice what was offered again and not asked for yet', async () => {
    const count = 70;
    const made = Array.from({ length: count }, (_, n) => create(n + 1));
    await Promise.all(made.map(({ outcome }) => outcome));
    await settled();
    // All stands but the first, whose place a copy took: what is past the window was not asked when that was found out.
    const client = world.server.clients.get(ada.clientId)!;
    client.answers.set(1, { ...client.answers.get(1)!, nonce: 'copy-1-of-this-client' });
    world.server.logEpoch = EPOCH_B;
    await isSaid();
    const nonces = world.server.taken.filter(({ name }) => name === 'task.create').length;
    // The first alone is done again (its task is there under the copy's name: refused).
    expect([nonces, rejected.length]).toEqual([count + 1, 1]);
  });
});

describe('a server that was restored', () => {
  it('answers under numbers that are not those of the list before it: nothing blinks until the list is there', async () => {
    const { server } = world;
    for (const n of [7, 8, 9]) server.act(BEN, 'task.create', { id: uuid(n), listId: LIST, title: `T${n}` });
    await settled();
    for (const n of [7, 8, 9]) server.world.entities.delete(`task/${uuid(n)}`);
    server.logs.set(LIST_SCOPE, server.logs.get(LIST_SCOPE)!.slice(0, 2));
    server.logEpoch = EPOCH_B;
    const opens: (() => void)[] = [];
    server.intercept = (frame, connection) =>
      frame.event === 'scope:open' && opens.push(() => server.handle(frame, connection)) > 0;
    server.hello(only());
    await settled();
    expect(await create(1).outcome).toMatchObject({ seqs: { [LIST_SCOPE]: 3 } });
    await settled();
    expect(titles(ada)).toContain('T1');
    server.intercept = () => undefined;
    for (const open of opens) open();
    await settled();
    expect([titles(ada), ada.status.pending]).toEqual([['T1'], 0]);
  });
});
