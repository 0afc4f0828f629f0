import { MusterError } from '@muster/protocol/error';
import { scopeOf } from '@muster/protocol/id';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADA, BEN, LIST, LIST_SCOPE, setUp, settled, titles, uuid, type Setup } from '../test/setup.ts';
import { createMemoryDisk, createMemoryStorage, type MemoryDisk } from './memory-storage.ts';

let world: Setup;
let disk: MemoryDisk;
let token: string;
beforeEach(() => {
  world = setUp();
  disk = createMemoryDisk();
  token = ADA;
});
afterEach(() => world.stop());

const browser = () => world.client({ storage: createMemoryStorage(disk), token: () => token });
const owners = new Map<string, string>();

/** As a gateway does: a clientId that was used belongs to its user. */
function guardClients(): void {
  owners.clear();
  world.server.admit = (auth) => {
    const owner = owners.get(auth.clientId);
    if (owner && owner !== auth.token) throw new MusterError('cloned', 'This client id belongs to somebody else.');
    owners.set(auth.clientId, auth.token!);
    return auth.token!;
  };
}

describe('a store', () => {
  it('of one person is put aside for another, and is there again with what waited', async () => {
    guardClients();
    const client = browser();
    await client.start();
    await settled();
    world.server.intercept = (frame) => frame.event === 'mutate';
    const mine = client.mutate('task.create', { id: uuid(1), listId: LIST, title: 'From Ada' });
    await settled();
    const adas = client.clientId;
    token = BEN;
    [...world.server.connections][0]!.cut();
    await world.clock.advance(2_000);
    expect(client.userId).toBe(BEN);
    expect(client.clientId).not.toBe(adas);
    expect(await mine.outcome).toEqual({ status: 'dropped', reason: 'signed_out', mid: 1 });
    expect(titles(client)).toEqual([]);
    expect(client.scopeState(scopeOf('user', ADA))).toEqual({ state: 'absent' });
    world.server.intercept = () => undefined;
    await client.mutate('task.create', { id: uuid(2), listId: LIST, title: 'From Ben' }).outcome;
    expect(world.server.taken.map(({ first }) => first.status)).toEqual(['applied']);
    token = ADA;
    [...world.server.connections][0]!.cut();
    await world.clock.advance(2_000);
    expect(client.userId).toBe(ADA);
    expect(client.clientId).toBe(adas);
    await settled();
    expect(titles(client).sort()).toEqual(['From Ada', 'From Ben']);
  });

  it('is switched by hello as well, where the clientId was never used', async () => {
    const client = browser();
    const users: string[] = [];
    client.on('user', (user) => users.push(user));
    await client.start();
    await settled();
    const before = client.clientId;
    token = BEN;
    [...world.server.connections][0]!.cut();
    await world.clock.advance(2_000);
    expect(client.userId).toBe(BEN);
    expect(client.clientId).not.toBe(before);
    expect(users).toEqual([ADA, BEN]);
  });

  it('of a guest passes to the person that they became, with what waits', async () => {
    const client = browser();
    await client.start();
    await settled();
    world.server.intercept = (frame) => frame.event === 'mutate';
    const { outcome } = client.mutate('task.create', { id: uuid(1), listId: LIST, title: 'As a guest' });
    await settled();
    const before = client.clientId;
    world.server.intercept = () => undefined;
    token = BEN;
    world.server.was = [ADA];
    [...world.server.connections][0]!.emit('scope:gone', {
      scope: scopeOf('user', ADA),
      reason: 'moved',
      to: scopeOf('user', BEN),
    });
    await world.clock.advance(2_000);
    expect(client.userId).toBe(BEN);
    expect(client.clientId).toBe(before);
    expect(await outcome).toMatchObject({ status: 'applied' });
    expect(titles(client)).toEqual(['As a guest']);
    expect((await createMemoryStorage(disk).load()).scopes.map(({ scope }) => scope).sort()).toEqual([
      LIST_SCOPE,
      scopeOf('user', BEN),
    ]);
  });

  it('is wiped by signing out', async () => {
    const client = browser();
    await client.start();
    await settled();
    world.server.intercept = (frame) => frame.event === 'mutate';
    const { outcome } = client.mutate('task.create', { id: uuid(1), listId: LIST, title: 'Milk' });
    await client.forget();
    expect(await outcome).toMatchObject({ status: 'dropped', reason: 'signed_out' });
    const { scopes, pending } = await createMemoryStorage(disk).load();
    expect([scopes, pending]).toEqual([[], []]);
  });

  it('takes a clientId of the script’s own', async () => {
    const clientId = uuid(77);
    const client = world.client({ clientId });
    await client.start();
    expect(client.clientId).toBe(clientId);
  });
});

describe('names', () => {
  it('come with what is opened, change, and are there without a server', async () => {
    const client = browser();
    const told: string[][] = [];
    client.on('profiles', (ids) => told.push(ids));
    await client.start();
    await settled();
    expect(client.profile(ADA)).toEqual({ name: 'Ada', image: null, kind: 'person' });
    [...world.server.connections][0]!.emit('profile:changed', { id: ADA, name: 'Ada L.', image: null });
    expect(client.profile(ADA)).toEqual({ name: 'Ada L.', image: null, kind: 'person' });
    expect(told).toEqual([[ADA], [ADA]]);
    await client.stop();
    token = '';
    const again = browser();
    await again.start();
    expect(again.profile(ADA)?.name).toBe('Ada L.');
  });
});

describe('presence', () => {
  it('is said once the scope is joined, again on the next connection, and forgets others with it', async () => {
    const client = browser();
    const news: string[] = [];
    client.on('presence', (scope) => news.push(scope));
    client.presence.set(LIST_SCOPE, { typing: true });
    await client.start();
    await settled();
    const said = () =>
      [...world.server.connections][0]!.frames.filter(({ event }) => event === 'presence:set').map(({ data }) => data);
    expect(said()).toEqual([{ scope: LIST_SCOPE, state: { typing: true } }]);
    client.presence.set(LIST_SCOPE, { typing: true });
    expect(said()).toHaveLength(1);
    [...world.server.connections][0]!.emit('presence:state', { scope: LIST_SCOPE, who: [{ id: BEN, state: {} }] });
    expect(client.presence.of(LIST_SCOPE)).toEqual([{ id: BEN, state: {} }]);
    [...world.server.connections][0]!.cut();
    await settled();
    expect(client.presence.of(LIST_SCOPE)).toEqual([]);
    await world.clock.advance(1_000);
    expect(said()).toEqual([{ scope: LIST_SCOPE, state: { typing: true } }]);
    client.presence.set(LIST_SCOPE, null);
    await settled();
    expect(said()).toEqual([
      { scope: LIST_SCOPE, state: { typing: true } },
      { scope: LIST_SCOPE, state: null },
    ]);
    expect(news).toEqual([LIST_SCOPE, LIST_SCOPE]);
  });
});
