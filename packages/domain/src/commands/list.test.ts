import { beforeEach, expect, test } from 'vitest';
import { codeOf, uuid, World } from '../../test/world.ts';
import { guestMerge } from './guest.ts';
import { invitationTake, linkAccept } from './link.ts';

const [ada, grace, linus] = [uuid(1), uuid(2), uuid(3)];
const list = uuid(10);
const scope = `list:${list}` as const;
let world: World;

beforeEach(() => {
  world = new World();
  for (const person of [ada, grace, linus]) world.addPerson(person);
  world.accounts.set('grace@example.com', grace);
  world.do(ada, 'list.create', { id: list, title: 'Trip' });
});

const invite = (role: 'owner' | 'editor' | 'viewer') =>
  world.do(ada, 'member.invite', { listId: list, email: 'grace@example.com', role });

test('whoever makes a list owns it and has it in their sidebar', () => {
  expect(world.role(scope, ada)).toBe('owner');
  expect(world.get('membership', list, `user:${ada}`)?.value).toMatchObject({ role: 'owner', muted: false });
});

test('an address without an account is answered like one that has one, and waits', () => {
  const { effects, acl } = world.do(ada, 'member.invite', { listId: list, email: 'new@example.com', role: 'viewer' });
  expect(effects).toEqual([]);
  expect(acl).toMatchObject([{ write: 'invite', email: 'new@example.com', role: 'viewer' }]);
  expect(acl?.[0]).not.toHaveProperty('takenAt');
});

test('with an account one is in at once, and the invitation is there to be told by mail; a second one is not', () => {
  expect(invite('editor').acl).toMatchObject([
    { write: 'invite', email: 'grace@example.com', takenAt: expect.any(Number) },
  ]);
  expect(invite('editor').acl).toBeUndefined();
});

test('an invitation does not change the role of who is in already', () => {
  invite('editor');
  expect(invite('viewer').effects).toEqual([]);
  expect(world.role(scope, grace)).toBe('editor');
});

test('only owners invite, archive and delete', () => {
  invite('editor');
  expect(codeOf(() => world.do(grace, 'member.invite', { listId: list, email: 'x@example.com', role: 'viewer' }))).toBe(
    'forbidden',
  );
  expect(codeOf(() => world.do(grace, 'list.archive', { id: list, archived: true }))).toBe('forbidden');
  expect(codeOf(() => world.do(grace, 'list.delete', { id: list }))).toBe('forbidden');
  expect(codeOf(() => world.do(linus, 'list.delete', { id: list }))).toBe('not_found');
  expect(codeOf(() => world.do(grace, 'list.rename', { id: list, title: 'Lisbon' }))).toBe('applied');
});

test('the last owner stays', () => {
  invite('owner');
  expect(codeOf(() => world.do(ada, 'member.setRole', { listId: list, userId: grace, role: 'viewer' }))).toBe(
    'applied',
  );
  expect(codeOf(() => world.do(ada, 'member.setRole', { listId: list, userId: ada, role: 'viewer' }))).toBe('conflict');
  expect(codeOf(() => world.do(ada, 'member.remove', { listId: list, userId: ada }))).toBe('conflict');
});

test('a removal raises the epoch and closes the ways back; leaving only raises the epoch', () => {
  invite('viewer');
  const removed = world.do(ada, 'member.remove', { listId: list, userId: grace });
  expect(removed.acl?.map(({ write }) => write)).toEqual(['bump', 'revokeWaysBack']);
  expect(world.get('membership', list, `user:${grace}`)).toBeUndefined();
  invite('viewer');
  const left = world.do(grace, 'member.remove', { listId: list, userId: grace });
  expect(left.acl?.map(({ write }) => write)).toEqual(['bump']);
});

test('a deleted list leaves every sidebar, and its threads are gone', () => {
  invite('viewer');
  const thread = uuid(20);
  world.do(ada, 'thread.create', { id: thread, listId: list });
  world.do(ada, 'list.delete', { id: list });
  expect(world.all(`user:${grace}`, 'membership')).toEqual([]);
  expect(world.scopeState(scope)).toBe('gone');
  const send = () => world.do(ada, 'message.send', { id: uuid(30), threadId: thread, text: 'hi' });
  expect(codeOf(send)).toBe('not_found');
  expect(codeOf(() => world.do(ada, 'list.create', { id: list, title: 'again' }))).toBe('conflict');
});

test('links join, raise a role, never lower one, and end', () => {
  const link = (more: object) => {
    world.invites.set('l', { acl: scope, role: 'editor', expiresAt: null, isUsedUp: false, ...more });
    return codeOf(() => world.run(grace, linkAccept, { linkId: 'l', listId: list }));
  };
  expect(link({ isUsedUp: true })).toBe('not_found');
  expect(link({ expiresAt: world.now })).toBe('not_found');
  expect(link({ acl: `list:${uuid(99)}` })).toBe('not_found');
  expect(link({ role: 'viewer' })).toBe('applied');
  expect(world.role(scope, grace)).toBe('viewer');
  expect(link({})).toBe('applied');
  expect(world.role(scope, grace)).toBe('editor');
  expect(link({ role: 'viewer' })).toBe('applied');
  expect(world.role(scope, grace)).toBe('editor');
});

test('an invitation is taken once', () => {
  world.invites.set('i', { acl: scope, role: 'viewer', expiresAt: world.now + 1, isUsedUp: false });
  world.run(grace, invitationTake, { invitationId: 'i', listId: list });
  expect(world.role(scope, grace)).toBe('viewer');
});

test('a guest hands everything over, and doing it again changes nothing', () => {
  const own = uuid(11);
  const thread = uuid(20);
  invite('viewer');
  world.do(linus, 'list.create', { id: own, title: 'Mine' });
  world.do(linus, 'thread.create', { id: thread });
  world.do(linus, 'settings.update', { fields: { theme: 'dark' } });
  world.apply({
    effects: [
      { scope, effect: { op: 'put', type: 'member', id: linus, value: { role: 'editor' } } },
      {
        scope: `user:${linus}`,
        effect: {
          op: 'put',
          type: 'membership',
          id: list,
          value: { role: 'editor', pos: 'a5', muted: true, seenSeq: 3 },
        },
      },
    ],
  });
  const { gone } = world.run(grace, guestMerge, { guestId: linus });
  expect(gone).toEqual([{ scope: `user:${linus}`, reason: 'moved', to: `user:${grace}` }]);
  expect(world.role(`list:${own}`, grace)).toBe('owner');
  expect(world.role(scope, grace)).toBe('editor');
  expect(world.role(scope, linus)).toBeUndefined();
  expect(world.get('thread', thread)?.scope).toBe(`user:${grace}`);
  expect(world.get('settings', grace)?.value.theme).toBe('dark');
  expect(world.run(grace, guestMerge, { guestId: linus }).effects).toEqual([]);
});

test('what was seen stays seen', () => {
  world.do(ada, 'membership.update', { listId: list, fields: { seenSeq: 7 } });
  expect(world.do(ada, 'membership.update', { listId: list, fields: { seenSeq: 5 } }).effects).toEqual([]);
  expect(codeOf(() => world.do(linus, 'membership.update', { listId: list, fields: { muted: true } }))).toBe(
    'not_found',
  );
});

test('label names are unique whatever their case', () => {
  world.do(ada, 'label.create', { id: uuid(50), listId: list, name: 'Food' });
  world.do(ada, 'label.create', { id: uuid(51), listId: list, name: 'Work' });
  expect(codeOf(() => world.do(ada, 'label.create', { id: uuid(52), listId: list, name: 'food' }))).toBe('conflict');
  expect(codeOf(() => world.do(ada, 'label.update', { id: uuid(51), fields: { name: 'FOOD' } }))).toBe('conflict');
  expect(codeOf(() => world.do(ada, 'label.update', { id: uuid(50), fields: { name: 'FOOD' } }))).toBe('applied');
});
