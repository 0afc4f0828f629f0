import { date } from '@muster/protocol/due';
import type { Stored } from '@muster/protocol/entity';
import * as z from 'zod/mini';
import { listArg, priorityArg } from './task-arguments.ts';
import { findLabel, listOf, memberIdOf, shortened, surroundings, toToolTask, touchedTask } from './tool-list.ts';
import { defineTool, type ToolContext, type ToolList, type ToolPlan } from './tool.ts';

/** In one answer. */
export const TASKS_IN_ANSWER = 200;
const DEFAULT_LIMIT = 100;

export const taskFilter = {
  status: z.nullable(z.enum(['open', 'done', 'all'])).check(z.describe('Which tasks; null: the open ones.')),
  label: z.nullable(z.string()).check(z.describe('Only tasks with the label of this name.')),
  assignee: z
    .nullable(z.string())
    .check(z.describe('Only tasks of this member ("me": whoever asks; "nobody": unassigned).')),
  priority: z.nullable(priorityArg).check(z.describe('Only tasks of this priority.')),
  dueFrom: z.nullable(date).check(z.describe('Only tasks due on this day or later, YYYY-MM-DD.')),
  dueTo: z.nullable(date).check(z.describe('Only tasks due on this day or earlier, YYYY-MM-DD.')),
};
export const page = {
  offset: z.nullable(z.int().check(z.minimum(0))).check(z.describe('How many matching tasks to skip; null: none.')),
  limit: z
    .nullable(z.int().check(z.minimum(1), z.maximum(TASKS_IN_ANSWER)))
    .check(z.describe(`How many tasks to return, at most ${TASKS_IN_ANSWER}; null: ${DEFAULT_LIMIT}.`)),
};
const args = z.strictObject({ list: listArg, ...taskFilter, ...page });
export type TaskFilter = z.infer<z.ZodMiniObject<typeof taskFilter>>;

/** What is in a list, in its order, sub-tasks behind their parents. */
export const listTasks = defineTool<z.infer<typeof args>>({
  name: 'list_tasks',
  title: 'Reading the list',
  description:
    'Reads the tasks of a list in their order, each sub-task behind its parent, with the members, the labels and what time it is for the asker. Call it before you change tasks, since changes name tasks by id.',
  args,
  risk: 'read',
  plan(args, context) {
    return answerWith(context, filterTasks(args, context, inOrder(context.list)), args);
  },
  describe: (_args, answer) => `Read ${count(answer['total'], answer.tasks.length)} in ${answer.list.title}`,
});

/** A page of tasks as an answer, with how many there are in all. */
export function answerWith(
  context: ToolContext,
  found: Stored<'task'>[],
  { offset, limit }: { offset: number | null; limit: number | null },
): ToolPlan {
  const { list } = context;
  const from = offset ?? 0;
  const shown = found.slice(from, from + (limit ?? DEFAULT_LIMIT));
  return {
    commands: [],
    answer: {
      list: listOf(list),
      total: found.length,
      offset: from,
      tasks: shortened(shown.map((task) => toToolTask(task, list))),
      ...surroundings(context),
    },
    touched: shown.map((task) => touchedTask(list, task.id)),
  };
}

/** Tasks by place, each sub-task behind its parent. */
export function inOrder(list: ToolList): Stored<'task'>[] {
  const children = Map.groupBy(
    list.tasks.filter((task) => task.value.parentId !== null),
    (task) => task.value.parentId,
  );
  const top = list.tasks.filter((task) => task.value.parentId === null);
  const known = new Set(top.map((task) => task.id));
  const orphans = list.tasks.filter((task) => task.value.parentId !== null && !known.has(task.value.parentId));
  return [...top.flatMap((task) => [task, ...(children.get(task.id) ?? [])]), ...orphans];
}

/** @throws {MusterError} `invalid` where nobody has the assignee's name */
export function filterTasks(filter: TaskFilter, context: ToolContext, tasks: Stored<'task'>[]): Stored<'task'>[] {
  const label = filter.label === null ? undefined : findLabel(context.list, filter.label);
  const isNobody = filter.assignee?.trim().toLowerCase() === 'nobody';
  const assignee = filter.assignee === null || isNobody ? null : memberIdOf(context, filter.assignee);
  const status = filter.status ?? 'open';
  return tasks.filter(({ value }) => {
    if (status !== 'all' && value.done !== (status === 'done')) return false;
    if (filter.label !== null && (label === undefined || !value.labelIds.includes(label.id))) return false;
    if (isNobody && value.assigneeIds.length > 0) return false;
    if (assignee !== null && !value.assigneeIds.includes(assignee)) return false;
    if (filter.priority !== null && value.priority !== filter.priority) return false;
    const day = value.due?.date;
    if (filter.dueFrom !== null && (day === undefined || day < filter.dueFrom)) return false;
    if (filter.dueTo !== null && (day === undefined || day > filter.dueTo)) return false;
    return true;
  });
}

/** "3 tasks", "1 task", "no tasks". */
export function count(total: unknown, fallback: number): string {
  const n = typeof total === 'number' ? total : fallback;
  return n === 0 ? 'no tasks' : n === 1 ? '1 task' : `${n} tasks`;
}
