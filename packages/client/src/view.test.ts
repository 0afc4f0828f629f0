import { scopeOf } from '@muster/protocol/id';
import { runIdOf } from '@muster/domain/run-ids';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADA, BEN, LIST, LIST_SCOPE, record, setUp, settled, titles, uuid, type Setup } from '../test/setup.ts';
import type { MusterClient } from './types.ts';

let world: Setup;
let ada: MusterClient;
beforeEach(async () => {
  world = setUp();
  for (const n of [1, 2, 3]) world.server.act(BEN, 'task.create', { id: uuid(n), listId: LIST, title: `T${n}` });
  ada = world.client();
  await ada.start();
  await settled();
  // From here on nothing of one's own is answered.
  world.server.intercept = (frame) => frame.event === 'mutate';
});
afterEach(() => world.stop());

const get = (n: number) => ada.get('task', uuid(n));

describe('the optimistic view', () => {
  it('shows every kind of edit at once, by the rules of the server', () => {
    ada.mutate('task.place', { id: uuid(3), after: null });
    expect(titles(ada)).toEqual(['T3', 'T1', 'T2']);
    ada.mutate('task.place', { id: uuid(1), after: uuid(2) });
    expect(titles(ada)).toEqual(['T3', 'T2', 'T1']);
    ada.mutate('task.complete', { id: uuid(2), done: true });
    expect(get(2)?.value).toMatchObject({ done: true, doneAt: world.clock.now() });
    ada.mutate('label.create', { id: uuid(60), listId: LIST, name: 'Home' });
    ada.mutate('task.label', { id: uuid(2), add: [uuid(60)] });
    ada.mutate('task.assign', { id: uuid(2), add: [BEN] });
    expect(get(2)?.value).toMatchObject({ labelIds: [uuid(60)], assigneeIds: [BEN] });
    ada.mutate('task.create', { id: uuid(4), listId: LIST, title: 'Sub', parentId: uuid(2) });
    ada.mutate('task.delete', { id: uuid(2) });
    expect(titles(ada)).toEqual(['T3', 'T1']);
    ada.mutate('list.rename', { id: LIST, title: 'Shop' });
    expect(ada.get('list', LIST)?.value.title).toBe('Shop');
    ada.mutate('member.setRole', { listId: LIST, userId: BEN, role: 'viewer' });
    expect(ada.all(LIST_SCOPE, 'member').find(({ id }) => id === BEN)?.value.role).toBe('viewer');
    ada.mutate('settings.update', { fields: { theme: 'dark' } });
    expect(ada.get('settings', ADA)?.value.theme).toBe('dark');
    expect(ada.status.pending).toBe(11);
  });

  it('brings a deleted task back at once, with its sub-tasks, whether the deletion was confirmed or waits', async () => {
    world.server.act(BEN, 'task.create', { id: uuid(4), listId: LIST, title: 'Sub', parentId: uuid(2) });
    await settled();
    ada.mutate('task.delete', { id: uuid(2) });
    expect(get(4)).toBeUndefined();
    ada.mutate('task.restore', { id: uuid(2) });
    expect([get(2)?.value.title, get(4)?.value.parentId]).toEqual(['T2', uuid(2)]);
    world.server.act(BEN, 'task.create', { id: uuid(5), listId: LIST, title: 'Other' });
    world.server.act(BEN, 'task.create', { id: uuid(6), listId: LIST, title: 'Its sub', parentId: uuid(5) });
    world.server.act(BEN, 'task.delete', { id: uuid(5) });
    await settled();
    expect(get(5)).toBeUndefined();
    ada.mutate('task.restore', { id: uuid(5) });
    expect([get(5)?.value.title, get(6)?.value.parentId]).toEqual(['Other', uuid(5)]);
  });

  it('makes a conversation and a message with its run, before the server knows any of it', () => {
    const [thread, message] = [uuid(70), uuid(71)];
    ada.mutate('thread.create', { id: thread, listId: LIST });
    ada.mutate('message.send', { id: message, threadId: thread, text: 'Hello' });
    const scope = scopeOf('thread', thread);
    expect(ada.all(scope, 'message').map(({ value }) => value.text)).toEqual(['Hello']);
    expect(ada.get('run', runIdOf(message))).toMatchObject({ scope, value: { status: 'queued', askerId: ADA } });
  });

  it('folds only what was touched: all else stays the same object', async () => {
    ada.mutate('task.update', { id: uuid(1), fields: { title: 'Mine' } });
    const [one, two] = [get(1), get(2)];
    const told = record(ada);
    world.server.act(BEN, 'task.update', { id: uuid(3), fields: { title: 'Theirs' } });
    await settled();
    expect(get(1)).toBe(one);
    expect(get(2)).toBe(two);
    // What another wrote under a waiting edit shows nowhere yet.
    world.server.act(BEN, 'task.update', { id: uuid(1), fields: { title: 'Unseen' } });
    await settled();
    expect(get(1)).toBe(one);
    expect(told).toEqual([
      { scope: LIST_SCOPE, type: 'task', id: uuid(3), origin: 'remote', by: { id: BEN, kind: 'person' } },
    ]);
  });

  it('places a waiting task anew when what stands before it moves', async () => {
    ada.mutate('task.create', { id: uuid(9), listId: LIST, title: 'Last' });
    const before = get(9)?.value.pos;
    world.server.act(BEN, 'task.create', { id: uuid(4), listId: LIST, title: 'T4' });
    await settled();
    expect(get(9)?.value.pos).not.toBe(before);
    expect(titles(ada)).toEqual(['T1', 'T2', 'T3', 'T4', 'Last']);
  });

  it('hides a waiting edit of what was deleted meanwhile, and shows it again with the task', async () => {
    ada.mutate('task.update', { id: uuid(1), fields: { title: 'Mine' } });
    world.server.act(BEN, 'task.delete', { id: uuid(1) });
    await settled();
    expect(get(1)).toBeUndefined();
    world.server.act(BEN, 'task.restore', { id: uuid(1) });
    await settled();
    expect(get(1)?.value.title).toBe('Mine');
  });

  it('leaves what is not held to the server instead of foreseeing that it is absent', async () => {
    const fresh = world.client();
    await fresh.start();
    const { outcome } = fresh.mutate('task.update', { id: uuid(1), fields: { title: 'Blind' } });
    world.server.intercept = () => undefined;
    expect(await outcome).toMatchObject({ status: 'applied' });
  });

  it('leaves it to the server whether a task that was deleted before this page was opened comes back', async () => {
    world.server.intercept = () => undefined;
    world.server.act(ADA, 'task.delete', { id: uuid(1) });
    const later = world.client();
    await later.start();
    await settled();
    expect(later.get('task', uuid(1))).toBeUndefined();
    later.mutate('task.restore', { id: uuid(1) });
    await settled();
    expect(later.get('task', uuid(1))).toBeDefined();
  });

  it('says who overwrote words that one had not seen', async () => {
    const told: unknown[] = [];
    ada.on('overwrote', (scope, change, overwrote) => told.push([scope, change.seq, overwrote]));
    const overwrote = [{ type: 'task', id: uuid(1), field: 'title', value: 'Mine', actor: ADA, seq: 3 }];
    const effects = [{ op: 'patch' as const, type: 'task', id: uuid(1), fields: { title: 'Theirs' } }];
    const packet = world.server.packet(LIST_SCOPE, 5, 5);
    [...world.server.connections][0]!.emit('scope:changes', {
      ...packet,
      from: 6,
      to: 6,
      changes: [{ ...packet.changes[0]!, seq: 6, effects, overwrote }],
    });
    expect(told).toEqual([[LIST_SCOPE, 6, overwrote]]);
  });
});
