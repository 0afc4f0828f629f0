import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LIST, LIST_SCOPE, setUp, settled, titles, uuid, type Setup } from '../test/setup.ts';
import { createMemoryDisk, createMemoryStorage } from './memory-storage.ts';
import type { StoragePort } from './types.ts';

/** A disk that worked when the page was opened, and does not when it is needed. */
let world: Setup;
let port: StoragePort;
beforeEach(() => {
  world = setUp();
  port = createMemoryStorage(createMemoryDisk());
});
afterEach(() => world.stop());

const fails = () => Promise.reject(new Error('the backing store failed'));
const enter = () => world.client({ storage: port });
const only = () => [...world.server.connections][0]!;
const task = (n: number) => ({ id: uuid(n), listId: LIST, title: `T${n}` });

describe('a disk that fails', () => {
  it('in the first hello: the page goes on in memory, and says so', async () => {
    port.offerAgain = fails;
    const client = enter();
    await client.start();
    await client.open(LIST_SCOPE).ready;
    expect(client.status).toMatchObject({ connection: 'online', storage: 'unavailable' });
    expect(await client.mutate('task.create', task(1)).outcome).toMatchObject({ status: 'applied' });
    expect(titles(client)).toEqual(['T1']);
  });

  it('where it must say whose it is: tried again until it does, not once for ever', async () => {
    const { setUser } = port;
    let tries = 0;
    port.setUser = (...args) => (++tries < 3 ? fails() : setUser(...args));
    const client = enter();
    await client.start();
    await world.clock.advance(20_000);
    expect([tries, client.status.connection]).toEqual([3, 'online']);
  });

  it('where the queue is read once more at the start: the page connects all the same', async () => {
    const { pending } = port;
    let isFailing = true;
    port.pending = () => (isFailing ? fails() : pending());
    const client = enter();
    await client.start();
    await settled();
    expect(client.status.connection).toBe('online');
    isFailing = false;
    expect(await client.mutate('task.create', task(1)).outcome).toMatchObject({ status: 'applied' });
  });

  it('where a clientId must be renewed: the server is not asked as fast as the line carries it', async () => {
    const client = enter();
    await client.start();
    await settled();
    port.renew = fails;
    let asked = 0;
    world.server.intercept = (frame) => {
      if (frame.event !== 'mutate') return false;
      asked += 1;
      frame.answer({ ok: false, error: { code: 'cloned', message: 'Two clients use one id.', retryable: false } });
      return true;
    };
    client.mutate('task.create', task(1));
    await world.clock.advance(10_000);
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThan(30);
    expect(client.status.pending).toBe(1);
  });

  it('where it is to be wiped: whoever signs out is not told that it was', async () => {
    const client = enter();
    await client.start();
    await settled();
    port.wipe = fails;
    const close = vi.spyOn(port, 'close');
    await expect(client.forget()).rejects.toThrow('the backing store failed');
    expect(client.status.connection).toBe('stopped');
    expect(close).toHaveBeenCalledOnce();
    expect(only()).toBeUndefined();
  });
});
