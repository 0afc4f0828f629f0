import { beforeEach, expect, test } from 'vitest';
import { codeOf, uuid, World } from '../../test/world.ts';

const [ada, grace, linus, stranger] = [uuid(1), uuid(2), uuid(3), uuid(4)];
const [home, work] = [uuid(10), uuid(11)];
let world: World;
let next: number;

const add = (title: string, more: { after?: string | null; parentId?: string; listId?: string } = {}): string => {
  const id = uuid((next += 1));
  world.do(ada, 'task.create', { id, listId: home, title, ...more });
  return id;
};

beforeEach(() => {
  next = 100;
  world = new World();
  for (const person of [ada, grace, linus, stranger]) world.addPerson(person);
  world.do(ada, 'list.create', { id: home, title: 'Home' });
  world.do(ada, 'list.create', { id: work, title: 'Work' });
  world.accounts.set('grace@example.com', grace).set('linus@example.com', linus);
  world.do(ada, 'member.invite', { listId: home, email: 'grace@example.com', role: 'editor' });
  world.do(ada, 'member.invite', { listId: home, email: 'linus@example.com', role: 'viewer' });
});

test('a task stands where it was asked for', () => {
  const a = add('a');
  add('b');
  add('top', { after: null });
  add('behind a', { after: a });
  add('vanished', { after: uuid(999) });
  expect(world.titles(home)).toEqual(['top', 'a', 'behind a', 'b', 'vanished']);
});

test('two people who put tasks behind the same one do not collide', () => {
  const a = add('a');
  add('b');
  const ids = ['x', 'y', 'z'].map((title) => add(title, { after: a }));
  const keys = ids.map((id) => world.get('task', id)?.value.pos);
  expect(new Set(keys).size).toBe(3);
  expect(world.titles(home)).toEqual(['a', 'z', 'y', 'x', 'b']);
});

test('a key is never one that a deleted task holds, so that restoring it cannot tie', () => {
  const a = add('a');
  const b = add('b');
  add('c');
  world.do(ada, 'task.delete', { id: b });
  const d = add('d', { after: a });
  world.do(ada, 'task.restore', { id: b });
  expect(world.get('task', d)?.value.pos).not.toBe(world.get('task', b)?.value.pos);
  expect(world.titles(home)).toEqual(['a', 'd', 'b', 'c']);
});

test('who may not see gets what an absent task gets; who may only see is told so', () => {
  const a = add('a');
  const rename = (who: string, id: string) =>
    codeOf(() => world.do(who, 'task.update', { id, fields: { title: 'x' } }));
  expect(rename(stranger, a)).toBe('not_found');
  expect(rename(ada, uuid(999))).toBe('not_found');
  expect(rename(linus, a)).toBe('forbidden');
  expect(rename(grace, a)).toBe('applied');
});

test('a taken id is refused, a deleted one too', () => {
  const a = add('a');
  const again = () => codeOf(() => world.do(ada, 'task.create', { id: a, listId: home, title: 'again' }));
  expect(again()).toBe('conflict');
  world.do(ada, 'task.delete', { id: a });
  expect(again()).toBe('conflict');
});

test('sub-tasks are one level, stay with their parent, and return with it', () => {
  const parent = add('parent');
  const child = add('child', { parentId: parent });
  expect(codeOf(() => add('grandchild', { parentId: child }))).toBe('invalid');
  expect(codeOf(() => add('elsewhere', { parentId: parent, listId: work }))).toBe('invalid');
  const other = add('other');
  const place = (id: string, parentId: string) =>
    codeOf(() => world.do(ada, 'task.place', { id, after: null, parentId }));
  expect(place(parent, other)).toBe('invalid');
  expect(place(other, other)).toBe('invalid');
  expect(place(other, parent)).toBe('applied');
  world.do(ada, 'task.delete', { id: parent });
  expect(world.titles(home)).toEqual([]);
  world.do(ada, 'task.restore', { id: parent });
  expect(world.titles(home)).toEqual(['parent', '  other', '  child']);
});

test('a sub-task deleted before its parent does not return with it', () => {
  const parent = add('parent');
  const early = add('early', { parentId: parent });
  add('late', { parentId: parent });
  world.do(ada, 'task.delete', { id: early });
  world.do(ada, 'task.delete', { id: parent });
  world.do(ada, 'task.restore', { id: parent });
  expect(world.titles(home)).toEqual(['parent', '  late']);
});

test('a sub-task whose parent is gone returns on its own', () => {
  const parent = add('parent');
  const child = add('child', { parentId: parent });
  world.do(ada, 'task.delete', { id: child });
  world.do(ada, 'task.delete', { id: parent });
  world.do(ada, 'task.restore', { id: child });
  expect(world.titles(home)).toEqual(['child']);
});

test('labels and people are added and removed, not replaced', () => {
  const a = add('a');
  const [red, blue] = [uuid(50), uuid(51)];
  world.do(ada, 'label.create', { id: red, listId: home, name: 'Red' });
  world.do(ada, 'label.create', { id: blue, listId: home, name: 'Blue' });
  world.do(ada, 'task.label', { id: a, add: [red] });
  world.do(grace, 'task.label', { id: a, add: [blue], remove: [uuid(52)] });
  world.do(ada, 'task.label', { id: a, remove: [red] });
  expect(world.get('task', a)?.value.labelIds).toEqual([blue]);
  world.do(ada, 'task.assign', { id: a, add: [grace, grace] });
  expect(world.get('task', a)?.value.assigneeIds).toEqual([grace]);
  expect(codeOf(() => world.do(ada, 'task.assign', { id: a, add: [stranger] }))).toBe('invalid');
  expect(codeOf(() => world.do(ada, 'task.label', { id: a, add: [uuid(52)] }))).toBe('invalid');
});

test('across lists sub-tasks go along, labels go by name, people who are not there are dropped', () => {
  const [food, foodAtWork, other] = [uuid(50), uuid(51), uuid(52)];
  world.do(ada, 'label.create', { id: food, listId: home, name: 'Food' });
  world.do(ada, 'label.create', { id: other, listId: home, name: 'Other' });
  world.do(ada, 'label.create', { id: foodAtWork, listId: work, name: 'food' });
  const a = add('a');
  add('a1', { parentId: a });
  add('a2', { parentId: a });
  world.do(ada, 'task.label', { id: a, add: [food, other] });
  world.do(ada, 'task.assign', { id: a, add: [ada, grace] });
  expect(codeOf(() => world.do(grace, 'task.place', { id: a, after: null, listId: work }))).toBe('not_found');
  const { effects } = world.do(ada, 'task.place', { id: a, after: null, listId: work });
  expect(world.titles(home)).toEqual([]);
  expect(world.titles(work)).toEqual(['a', '  a1', '  a2']);
  expect(world.get('task', a)?.value).toMatchObject({ listId: work, labelIds: [foodAtWork], assigneeIds: [ada] });
  expect(new Set(effects.map(({ scope }) => scope))).toEqual(new Set([`list:${home}`, `list:${work}`]));
});

test('completing is set, not toggled, and says when', () => {
  const a = add('a');
  world.now = 5_000;
  world.do(ada, 'task.complete', { id: a, done: true });
  world.now = 6_000;
  expect(world.do(grace, 'task.complete', { id: a, done: true }).effects).toEqual([]);
  expect(world.get('task', a)?.value).toMatchObject({ done: true, doneAt: 5_000 });
  world.do(ada, 'task.complete', { id: a, done: false });
  expect(world.get('task', a)?.value).toMatchObject({ done: false, doneAt: null });
});

test('what changes nothing has no effects', () => {
  const a = add('a');
  expect(world.do(ada, 'task.update', { id: a, fields: { title: 'a', due: null } }).effects).toEqual([]);
  expect(world.do(ada, 'task.restore', { id: a }).effects).toEqual([]);
});

test('the agent gets a conflict where a field changed since it read, and only there', () => {
  const a = add('a');
  world.writers.set(`${a}.title`, { seq: 9, actor: grace });
  const write = (base: number, fields: { title?: string; notes?: string }) =>
    codeOf(() => world.do(ada, 'task.update', { id: a, fields }, { strict: true, base }));
  expect(write(8, { title: 'x' })).toBe('conflict');
  expect(write(8, { notes: 'x' })).toBe('applied');
  expect(write(9, { title: 'x' })).toBe('applied');
});
