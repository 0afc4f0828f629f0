import type { Stored } from '@muster/protocol/entity';
import * as z from 'zod/mini';
import { reject } from '../command.ts';
import { listArg, taskIds } from './task-arguments.ts';
import { getTask, getTasks, listOf, tasksInWords, toToolTask, touchedTask } from './tool-list.ts';
import { defineTool, type ToolCommand, type ToolList } from './tool.ts';

const args = z.strictObject({
  list: listArg,
  ids: taskIds,
  after: z
    .nullable(z.string())
    .check(
      z.describe('"top", or the id of the task to stand behind; null: at the end. The tasks keep the order of `ids`.'),
    ),
  parent: z
    .nullable(z.string())
    .check(
      z.describe(
        'The id of a top-level task to put them under, or "none" to take them out; null: they stay where they are.',
      ),
    ),
});

/** Puts tasks elsewhere in their list: another place, or under another task. */
export const moveTask = defineTool<z.infer<typeof args>>({
  name: 'move_task',
  title: 'Moving tasks',
  description: 'Puts one or many tasks at another place of their list, under another task, or back to the top level.',
  args,
  risk: 'write',
  plan(args, context) {
    const { list } = context;
    const tasks = getTasks(list, args.ids);
    const parent = args.parent === null ? undefined : args.parent === 'none' ? null : getTask(list, args.parent);
    checkParent(list, tasks, parent);
    const parentId = parent === undefined ? undefined : (parent?.id ?? null);
    let after = placeBefore(list, tasks, args.after);
    const commands = tasks.map((task): ToolCommand => {
      const command = {
        name: 'task.place',
        args: { id: task.id, after, ...(parentId === undefined ? {} : { parentId }) },
      };
      after = task.id;
      return command;
    });
    return {
      commands,
      answer: {
        list: listOf(list),
        tasks: tasks.map((task) =>
          toToolTask(parentId === undefined ? task : { ...task, value: { ...task.value, parentId } }, list),
        ),
      },
      touched: tasks.map((task) => touchedTask(list, task.id)),
    };
  },
  describe: (_args, answer) => `Moved ${tasksInWords(answer.tasks)} in ${answer.list.title}`,
});

function checkParent(list: ToolList, tasks: Stored<'task'>[], parent: Stored<'task'> | null | undefined): void {
  if (!parent) return;
  if (parent.value.parentId !== null)
    reject('invalid', 'Sub-tasks have no sub-tasks of their own: name a top-level task as the parent.');
  for (const task of tasks) {
    if (task.id === parent.id) reject('invalid', 'A task cannot stand under itself.');
    if (list.tasks.some((other) => other.value.parentId === task.id)) {
      reject('invalid', `“${task.value.title.slice(0, 80)}” has sub-tasks, so it cannot become one.`);
    }
  }
}

/** The task that the first moved one comes to stand behind; none of the moved ones themselves. */
function placeBefore(list: ToolList, moved: Stored<'task'>[], after: string | null): string | null {
  if (after === 'top') return null;
  const ids = new Set(moved.map((task) => task.id));
  if (after !== null) {
    const target = getTask(list, after);
    if (ids.has(target.id)) reject('invalid', 'A task cannot stand behind itself.');
    return target.id;
  }
  return list.tasks.findLast((task) => !ids.has(task.id))?.id ?? null;
}
