import { scopeOf } from '@muster/protocol/id';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADA, BEN, LIST, setUp, settled, uuid, type Setup } from '../test/setup.ts';
import type { MusterClient } from './types.ts';

const OTHER = uuid(101);
let world: Setup;
let ada: MusterClient;
beforeEach(async () => {
  world = setUp();
  world.server.act(ADA, 'list.create', { id: OTHER, title: 'Garden' });
  ada = world.client();
  await ada.start();
  await settled();
});
afterEach(() => world.stop());

let made = 0;
const add = (title: string, more: { notes?: string; listId?: string } = {}) => {
  made += 1;
  const id = uuid(1_000 + made);
  ada.mutate('task.create', { id, listId: LIST, title, ...more });
  return id;
};
const found = (words: string, most?: number) => ada.search(words, most).map(({ value }) => value.title);

describe('a search', () => {
  it('finds every word, in titles and notes, in all lists, what waits included', async () => {
    add('Buy oat milk');
    add('Call the plumber', { notes: 'Milk is in the fridge' });
    add('Mow the lawn', { listId: OTHER });
    expect(found('MILK')).toEqual(['Buy oat milk', 'Call the plumber']);
    expect(found('milk oat')).toEqual(['Buy oat milk']);
    expect(found('plumber fridge')).toEqual(['Call the plumber']);
    expect([found('lawn'), found('  '), found('cheese')]).toEqual([['Mow the lawn'], [], []]);
    await settled();
    world.server.act(BEN, 'task.create', { id: uuid(9), listId: LIST, title: 'Milk frother' });
    await settled();
    expect(found('milk')).toEqual(['Buy oat milk', 'Milk frother', 'Call the plumber']);
  });

  it('puts open tasks first, then lists that are not archived, then titles before notes', async () => {
    const done = add('tent, done');
    add('In the notes', { notes: 'tent' });
    add('tent in the archive', { listId: OTHER });
    add('tent, open');
    ada.mutate('task.complete', { id: done, done: true });
    ada.mutate('list.archive', { id: OTHER, archived: true });
    expect(found('tent')).toEqual(['tent, open', 'In the notes', 'tent in the archive', 'tent, done']);
    expect(found('tent', 2)).toEqual(['tent, open', 'In the notes']);
  });

  it('sees an edit at once, and nothing of a list that is gone', async () => {
    const id = add('Milk');
    await settled();
    ada.mutate('task.update', { id, fields: { title: 'Cheese' } });
    expect([found('milk'), found('cheese')]).toEqual([[], ['Cheese']]);
    await settled();
    ada.mutate('list.delete', { id: LIST });
    await settled();
    expect(ada.scopeState(scopeOf('list', LIST)).state).not.toBe('open');
    expect(found('cheese')).toEqual([]);
  });
});
