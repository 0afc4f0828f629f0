import type { Stored } from '@muster/protocol/entity';
import type { Task } from '@muster/protocol/task';
import { expect, it } from 'vitest';
import { changedFields, planFields } from './restore-plan.ts';

const value: Task = {
  ...{ listId: 'l', parentId: null, title: 'Boat', notes: '', done: true, doneAt: 5, due: null, priority: 'none' },
  ...{ assigneeIds: ['ada'], labelIds: ['food'], pos: 'a', createdAt: 1, createdBy: 'ada' },
};
const task: Stored<'task'> = { scope: 'list:l', type: 'task', id: 't', value };
const list = { isMember: (id: string) => id !== 'gone', isLabel: (id: string) => id !== 'gone' };

it('sends only what differs, each kind once', () => {
  const then = {
    ...{ title: 'Old boat', notes: '', due: { date: '2026-03-09' }, done: false, priority: 'none' as const },
    ...{ assigneeIds: ['grace', 'gone'], labelIds: ['food'] },
  };
  expect(planFields(task, then, list)).toEqual([
    { name: 'task.update', args: { id: 't', fields: { title: 'Old boat', due: { date: '2026-03-09' } } } },
    { name: 'task.complete', args: { id: 't', done: false } },
    { name: 'task.assign', args: { id: 't', add: ['grace'], remove: ['ada'] } },
  ]);
});

it('has nothing to do where all is as it was, in whatever order', () => {
  expect(planFields({ ...task, value: { ...value, labelIds: ['a', 'b'] } }, { labelIds: ['b', 'a'] }, list)).toEqual(
    [],
  );
  expect(planFields(task, { ...value }, list)).toEqual([]);
  expect(planFields(task, { labelIds: ['food', 'gone'] }, list)).toEqual([]);
  expect(changedFields(value, { title: 'Boat', done: false, notes: 'x' })).toEqual(['notes', 'done']);
});
