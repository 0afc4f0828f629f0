import type { Stored } from '@muster/protocol/entity';
import { scopeOf } from '@muster/protocol/id';
import { LIMITS } from '@muster/protocol/limits';
import * as z from 'zod/mini';
import { reject } from '../command.ts';
import { openLabelBook } from './label-changes.ts';
import { dueArg, labelNames, listArg, memberNames, notesArg, priorityArg, titleArg, toDue } from './task-arguments.ts';
import { getTask, listOf, memberIdOf, shortened, tasksInWords, toToolTask, touchedTask } from './tool-list.ts';
import { defineTool, type ToolCommand, type ToolContext } from './tool.ts';

/** Of all tasks and sub-tasks of one call: it is one transaction. */
export const TASKS_AND_CHILDREN_IN_CALL = 300;

const fields = {
  title: titleArg,
  notes: z.nullable(notesArg),
  due: z.nullable(dueArg),
  priority: z.nullable(priorityArg),
  labels: z.nullable(labelNames),
  assignees: z.nullable(memberNames),
};
const newChild = z.strictObject(fields);
const newTask = z.strictObject({
  ...fields,
  children: z
    .nullable(z.array(newChild).check(z.maxLength(LIMITS.tasksInOneCall)))
    .check(z.describe('Its sub-tasks, in order; there is one level of them.')),
});
const args = z.strictObject({
  list: listArg,
  tasks: z
    .array(newTask)
    .check(z.minLength(1), z.maxLength(LIMITS.tasksInOneCall), z.describe('The new tasks, in order.')),
  parent: z
    .nullable(z.string())
    .check(z.describe('The id of a top-level task to add them under; null: at the top level.')),
  after: z.nullable(z.string()).check(z.describe('"top", or the id of the task to stand behind; null: at the end.')),
});
type NewChild = z.infer<typeof newChild>;

/** Adds one or many tasks, with sub-tasks, in one transaction. */
export const addTasks = defineTool<z.infer<typeof args>>({
  name: 'add_tasks',
  title: 'Adding tasks',
  description:
    'Adds tasks to a list, each with its sub-tasks, in order, all in one step. Put a date into due and not into the title, and likewise priority, labels and people.',
  args,
  risk: 'write',
  plan(args, context) {
    const { list } = context;
    const total = args.tasks.reduce((sum, task) => sum + 1 + (task.children?.length ?? 0), 0);
    if (total > TASKS_AND_CHILDREN_IN_CALL) {
      reject(
        'too_large',
        `One call adds at most ${TASKS_AND_CHILDREN_IN_CALL} tasks with their sub-tasks. Add them in several calls.`,
      );
    }
    const parentId = args.parent === null ? null : getParent(context, args.parent);
    if (parentId !== null && args.tasks.some((task) => (task.children?.length ?? 0) > 0)) {
      reject(
        'invalid',
        'Sub-tasks have no sub-tasks of their own: add these tasks at the top level, or without children.',
      );
    }
    const book = openLabelBook(context);
    const made: Stored<'task'>[] = [];
    const commands: ToolCommand[] = [];
    const create = (task: NewChild, parentId: string | null, after: string | null | undefined): string => {
      const stored = toStored(task, parentId, context, book.idOf);
      const { value } = stored;
      made.push(stored);
      commands.push({
        name: 'task.create',
        args: {
          id: stored.id,
          listId: list.id,
          title: value.title,
          ...(after === undefined ? {} : { after }),
          ...(parentId === null ? {} : { parentId }),
          ...(value.notes === '' ? {} : { notes: value.notes }),
          ...(value.due === null ? {} : { due: value.due }),
          ...(value.priority === 'none' ? {} : { priority: value.priority }),
          ...(value.assigneeIds.length === 0 ? {} : { assigneeIds: value.assigneeIds }),
          ...(value.labelIds.length === 0 ? {} : { labelIds: value.labelIds }),
        },
      });
      return stored.id;
    };

    let after = args.after === null ? undefined : args.after === 'top' ? null : getTask(list, args.after).id;
    for (const task of args.tasks) {
      const id = create(task, parentId, after);
      // From here on each stands behind the one before it; at the end that is where it stands anyway.
      if (after !== undefined) after = id;
      for (const child of task.children ?? []) create(child, id, undefined);
    }
    const known = { labels: book.all, members: list.members };
    return {
      commands: [...book.commands, ...commands],
      answer: { list: listOf(list), added: made.length, tasks: shortened(made.map((task) => toToolTask(task, known))) },
      touched: made.map((task) => touchedTask(list, task.id)),
    };
  },
  describe: (_args, answer) => `Added ${tasksInWords(answer.tasks)} to ${answer.list.title}`,
});

function getParent(context: ToolContext, id: string): string {
  const parent = getTask(context.list, id);
  if (parent.value.parentId !== null)
    reject('invalid', 'Sub-tasks have no sub-tasks of their own: name a top-level task.');
  return parent.id;
}

function toStored(
  task: NewChild,
  parentId: string | null,
  context: ToolContext,
  labelId: (name: string) => string,
): Stored<'task'> {
  const { list } = context;
  return {
    scope: scopeOf('list', list.id),
    type: 'task',
    id: context.newId(),
    value: {
      listId: list.id,
      parentId,
      title: task.title,
      notes: task.notes ?? '',
      done: false,
      doneAt: null,
      due: toDue(task.due, context.zone),
      priority: task.priority ?? 'none',
      assigneeIds: [...new Set((task.assignees ?? []).map((name) => memberIdOf(context, name)))],
      labelIds: [...new Set((task.labels ?? []).map(labelId))],
      // The server places it; nothing here depends on it.
      pos: '',
      createdAt: context.now,
      createdBy: context.askerId,
    },
  };
}
