import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EPOCH_B } from '../test/fake-server.ts';
import { BEN, LIST, LIST_SCOPE, setUp, settled, titles, uuid, type Setup } from '../test/setup.ts';
import { createMemoryDisk, createMemoryStorage, type MemoryDisk } from './memory-storage.ts';
import type { ClientEvents, MusterClient } from './types.ts';

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
    expect(nonces()).toEqual(made.slice(1).map(({ nonce }) => nonce));
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
