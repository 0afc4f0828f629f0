import { scopeOf } from '@muster/protocol/id';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EPOCH_B } from '../test/fake-server.ts';
import { readStore } from '../test/read-store.ts';
import { ADA, BEN, LIST, LIST_SCOPE, setUp, settled, uuid, type Setup } from '../test/setup.ts';
import { createMemoryDisk, createMemoryStorage, type MemoryDisk } from './memory-storage.ts';
import type { MusterClient } from './types.ts';

let world: Setup;
let disk: MemoryDisk;
let ada: MusterClient;
beforeEach(async () => {
  world = setUp();
  disk = createMemoryDisk();
  ada = world.client({ storage: createMemoryStorage(disk) });
  await ada.start();
  await settled();
});
afterEach(() => world.stop());

const only = () => [...world.server.connections][0]!;
const stored = () => readStore(createMemoryStorage(disk));
/** Every word that this device would offer to a server that was restored. */
const offered = async () =>
  (await createMemoryStorage(disk).offerAgain(EPOCH_B, world.clock.now())).map(({ name, args }) => [name, args]);

describe('a scope that is gone', () => {
  it('leaves nothing on this device: no content, no conversation, and no words of what was acknowledged', async () => {
    const threadId = uuid(500);
    const thread = scopeOf('thread', threadId);
    ada.mutate('task.create', { id: uuid(1), listId: LIST, title: 'Secret' });
    ada.mutate('thread.create', { id: threadId, listId: LIST, title: 'Secret too' });
    await ada.mutate('settings.update', { fields: { theme: 'dark' } }).outcome;
    await ada.open(thread).ready;
    await settled();
    expect((await stored()).scopes.map(({ scope }) => scope)).toContain(thread);
    only().emit('scope:gone', { scope: LIST_SCOPE, reason: 'removed' });
    await settled();
    const left = await stored();
    expect(left.scopes.map(({ scope }) => scope)).toEqual([scopeOf('user', ADA)]);
    expect(left.entities.every(({ scope }) => scope === scopeOf('user', ADA))).toBe(true);
    expect(await offered()).toEqual([
      ['client.void', {}],
      ['client.void', {}],
      ['settings.update', { fields: { theme: 'dark' } }],
    ]);
    expect([ada.get('task', uuid(1)), ada.get('list', LIST), ada.search('secret')]).toEqual([undefined, undefined, []]);
  });

  it('leaves nothing of a conversation either that was deleted before, while nobody had it open', async () => {
    const [threadId, messageId] = [uuid(500), uuid(501)];
    const thread = scopeOf('thread', threadId);
    await ada.mutate('thread.create', { id: threadId, listId: LIST, title: 'Secret' }).outcome;
    const handle = ada.open(thread);
    await handle.ready;
    await ada.mutate('message.send', { id: messageId, threadId, text: 'a secret' }).outcome;
    await settled();
    handle.close();
    await settled();
    expect(ada.get('message', messageId)?.value.text).toBe('a secret');
    world.server.act(BEN, 'thread.delete', { id: threadId });
    await settled();
    expect(ada.get('message', messageId)).toBeUndefined();
    expect((await stored()).scopes.map(({ scope }) => scope)).not.toContain(thread);
  });

  it('that is the person’s own leaves nothing at all to offer again: an erased person stays erased', async () => {
    ada.mutate('task.create', { id: uuid(1), listId: LIST, title: 'Secret' });
    await ada.mutate('settings.update', { fields: { theme: 'dark' } }).outcome;
    await settled();
    for (const scope of [scopeOf('user', ADA), LIST_SCOPE]) only().emit('scope:gone', { scope, reason: 'deleted' });
    await settled();
    expect((await stored()).scopes).toEqual([]);
    expect(await offered()).toEqual([
      ['client.void', {}],
      ['client.void', {}],
    ]);
  });
});

describe('what was acknowledged', () => {
  it('is offered once more by a page that was told of another log, and by one that hears of it at its start', async () => {
    await ada.mutate('task.create', { id: uuid(1), listId: LIST, title: 'Milk' }).outcome;
    await settled();
    const sent = () => only().frames.filter(({ event }) => event === 'mutate').length;
    expect([sent(), ada.status.pending]).toEqual([1, 0]);
    world.server.logEpoch = EPOCH_B;
    world.server.hello(only());
    await world.clock.advance(1_000);
    expect([sent(), ada.status.pending, world.server.taken.length]).toEqual([2, 0, 1]);
    world.server.hello(only());
    await world.clock.advance(1_000);
    expect(sent()).toBe(2);
    await ada.stop();
    world.server.logEpoch = '33333333-3333-4333-8333-333333333333';
    const again = world.client({ storage: createMemoryStorage(disk) });
    await again.start();
    await world.clock.advance(1_000);
    expect([sent(), again.status.pending, world.server.taken.length]).toEqual([1, 0, 1]);
  });
});
