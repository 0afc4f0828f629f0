import { condition, ifStill, type Condition } from '@muster/protocol/condition';
import { scopeOf } from '@muster/protocol/id';
import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { uuid, World } from '../test/world.ts';
import { conflictOf, findBroken, readsOfConditions, touchesOfConditions } from './conditions.ts';

const [ADA, BEN] = [uuid(1), uuid(2)];
const [LIST, TASK, CHILD, LABEL, OTHERS, SECRET] = [10, 11, 12, 13, 20, 21].map(uuid) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const SCOPE = scopeOf('list', LIST);

let world: World;
beforeEach(() => {
  world = new World();
  for (const id of [ADA, BEN]) world.addPerson(id);
  world.do(ADA, 'list.create', { id: LIST, title: 'Trip' });
  world.do(ADA, 'task.create', { id: TASK, listId: LIST, title: 'Boat', due: { date: '2026-12-24' } });
  world.do(ADA, 'task.create', { id: CHILD, listId: LIST, parentId: TASK, title: 'Oars' });
  world.do(ADA, 'label.create', { id: LABEL, listId: LIST, name: 'Sea', color: 'green' });
  world.do(BEN, 'list.create', { id: OTHERS, title: 'Secret' });
  world.do(BEN, 'task.create', { id: SECRET, listId: OTHERS, title: 'A surprise' });
  world.subject = ADA;
});

const brokenOf = (...conditions: Condition[]) => findBroken(world, conditions);
const task = (fields: Record<string, unknown>): Condition => ({ type: 'task', id: TASK, fields });

describe('a condition holds', () => {
  test('while the fields that it names hold what it says, compared deeply and whatever the others do', () => {
    expect(brokenOf(task({ title: 'Boat', due: { date: '2026-12-24' }, labelIds: [] }))).toBeUndefined();
    world.do(ADA, 'task.update', { id: TASK, fields: { notes: 'wooden' } });
    expect(brokenOf(task({ title: 'Boat' }))).toBeUndefined();
    expect(brokenOf(task({ title: 'Boat', due: { date: '2026-12-25' } }))).toEqual({
      type: 'task',
      id: TASK,
      scope: SCOPE,
      field: 'due',
      value: { date: '2026-12-24' },
    });
  });

  test('of every kind that a person changes by hand', () => {
    expect(
      brokenOf(
        { type: 'list', id: LIST, fields: { title: 'Trip', archivedAt: null } },
        { type: 'label', id: LABEL, fields: { name: 'Sea', color: 'green' } },
        { type: 'member', id: ADA, scope: SCOPE, fields: { role: 'owner' } },
        { type: 'membership', id: LIST, scope: scopeOf('user', ADA), fields: { muted: false } },
      ),
    ).toBeUndefined();
    expect(brokenOf({ type: 'member', id: ADA, scope: SCOPE, fields: { role: 'viewer' } })).toMatchObject({
      field: 'role',
      value: 'owner',
    });
  });

  test('while it is gone, or there', () => {
    expect(brokenOf({ type: 'task', id: TASK, absent: true })).toMatchObject({ field: null });
    world.do(ADA, 'task.delete', { id: TASK });
    world.subject = ADA;
    expect(brokenOf({ type: 'task', id: TASK, absent: true })).toBeUndefined();
    // Where it was is still told, since its last author is asked for there.
    expect(brokenOf(task({ title: 'Boat' }))).toMatchObject({ field: null, scope: SCOPE });
  });

  test('while its sub-tasks are just these', () => {
    expect(brokenOf({ type: 'task', id: TASK, children: [CHILD] })).toBeUndefined();
    expect(brokenOf({ type: 'task', id: TASK, children: [] })).toMatchObject({ field: 'children', value: [CHILD] });
    expect(brokenOf({ type: 'task', id: TASK, children: [CHILD, uuid(99)] })).toMatchObject({ field: 'children' });
  });
});

test('a condition tells nothing of what its author may not see', () => {
  const guess: Condition = { type: 'task', id: SECRET, fields: { title: 'A surprise' } };
  expect(brokenOf(guess)).toEqual({ type: 'task', id: SECRET, scope: undefined, field: null, value: null });
  expect(brokenOf(guess)).toMatchObject({ ...brokenOf({ ...guess, id: uuid(404) }), id: SECRET });
  expect(brokenOf({ type: 'task', id: SECRET, absent: true })).toBeUndefined();
  expect(brokenOf({ type: 'list', id: OTHERS, fields: { title: 'Secret' } })).toMatchObject({
    field: null,
    value: null,
  });
  expect(brokenOf({ type: 'member', id: BEN, scope: scopeOf('list', OTHERS), fields: {} })).toMatchObject({
    scope: undefined,
  });
});

test('fields that only the prototype has are not there', () => {
  expect(brokenOf(task({ constructor: null, toString: null }))).toBeUndefined();
  expect(brokenOf(task({ constructor: 'x' }))).toMatchObject({ field: 'constructor', value: null });
});

test('what conditions speak of is locked and read like what the command changes', () => {
  const conditions: Condition[] = [
    { type: 'task', id: TASK, children: [] },
    { type: 'list', id: LIST, fields: {} },
    { type: 'member', id: BEN, scope: SCOPE, fields: {} },
    { type: 'settings', id: ADA, fields: {} },
  ];
  expect(touchesOfConditions(conditions, ADA)).toEqual([
    { touch: 'holder', type: 'task', id: TASK },
    { touch: 'scope', scope: SCOPE },
    { touch: 'scope', scope: SCOPE },
    { touch: 'scope', scope: scopeOf('user', ADA) },
  ]);
  expect(readsOfConditions(conditions)).toContainEqual({ need: 'children', id: TASK });
});

test('the rejection names what is there now and whose it is', () => {
  const broken = brokenOf(task({ title: 'Ship' }))!;
  expect(conflictOf(broken, { id: BEN, kind: 'person' }).toWire()).toMatchObject({
    code: 'conflict',
    retryable: false,
    details: { conflict: { type: 'task', id: TASK, field: 'title', value: 'Boat', by: { id: BEN } } },
  });
});

test('the shape: an id that is told apart by its scope names it, and there is a bound', () => {
  const isTaken = (value: unknown) => z.safeParse(condition, value).success;
  expect(isTaken({ type: 'member', id: ADA, fields: {} })).toBe(false);
  expect(isTaken({ type: 'member', id: ADA, scope: SCOPE, fields: {} })).toBe(true);
  expect(isTaken({ type: 'message', id: TASK, absent: true })).toBe(false);
  expect(isTaken({ type: 'task', id: TASK, absent: false })).toBe(false);
  expect(z.safeParse(ifStill, []).success).toBe(false);
  expect(z.safeParse(ifStill, Array(65).fill(task({}))).success).toBe(false);
});
