import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADA, BEN, LIST, LIST_SCOPE, setUp, settled, titles, uuid, type Setup } from '../test/setup.ts';

let world: Setup;
beforeEach(() => {
  world = setUp();
});
afterEach(() => world.stop());

const task = (n: number, title: string) => ({ id: uuid(n), listId: LIST, title });

describe('a client', () => {
  it('follows its person and their lists by itself, and both see an edit', async () => {
    const ada = world.client();
    const ben = world.client({ token: BEN });
    await Promise.all([ada.start(), ben.start()]);
    await settled();
    expect(ada.status).toMatchObject({ connection: 'online', pending: 0, since: null });
    expect(ada.scopeState(LIST_SCOPE)).toEqual({ state: 'open', seq: 2, isFresh: true });
    const { outcome } = ada.mutate('task.create', task(1, 'Milk'));
    expect(titles(ada)).toEqual(['Milk']);
    expect(await outcome).toEqual({ status: 'applied', seqs: { [LIST_SCOPE]: 3 }, mid: 1 });
    await settled();
    expect(titles(ben)).toEqual(['Milk']);
    expect(ada.status.pending).toBe(0);
    expect(ada.userId).toBe(ADA);
  });
});
