import * as z from 'zod/mini';
import { listArg, taskIds } from './task-arguments.ts';
import { getTasks, listOf, tasksInWords, toToolTask, touchedTask } from './tool-list.ts';
import { defineTool } from './tool.ts';

const args = z.strictObject({ list: listArg, ids: taskIds });

/** More than this, sub-tasks among them, and somebody must agree: it is more than one sees at a glance. */
export const MOST_DELETED_UNASKED = 5;

/** Deletes tasks. Their sub-tasks go with them, and people can restore them. */
export const deleteTask = defineTool<z.infer<typeof args>>({
  name: 'delete_task',
  title: 'Deleting tasks',
  description:
    'Deletes one or many tasks together with their sub-tasks. Ask first unless the person named the tasks or clearly meant them all. People can restore what was deleted.',
  args,
  risk: 'destructive',
  plan({ ids }, context) {
    const { list } = context;
    const tasks = getTasks(list, ids);
    const parents = new Set(tasks.map((task) => task.id));
    // Sub-tasks go with their parent: to delete one of them again would find nothing.
    const roots = tasks.filter((task) => task.value.parentId === null || !parents.has(task.value.parentId));
    const gone = list.tasks.filter(
      (task) => parents.has(task.id) || (task.value.parentId !== null && parents.has(task.value.parentId)),
    );
    return {
      commands: roots.map((task) => ({ name: 'task.delete', args: { id: task.id }, overwrites: task.id })),
      answer: { list: listOf(list), deleted: gone.length, tasks: tasks.map((task) => toToolTask(task, list)) },
      touched: gone.map((task) => touchedTask(list, task.id)),
    };
  },
  needsApproval: ({ touched }) => touched.length > MOST_DELETED_UNASKED,
  ask: ({ ids }) => `Delete ${ids.length === 1 ? 'this task and its sub-tasks' : `these ${ids.length} tasks`}?`,
  describe: (_args, answer) => `Deleted ${tasksInWords(answer.tasks)} from ${answer.list.title}`,
});
