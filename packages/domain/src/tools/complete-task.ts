import * as z from 'zod/mini';
import { listArg, taskIds } from './task-arguments.ts';
import { getTasks, listOf, tasksInWords, toToolTask, touchedTask } from './tool-list.ts';
import { defineTool } from './tool.ts';

const args = z.strictObject({
  list: listArg,
  ids: taskIds,
  done: z.boolean().check(z.describe('true: done; false: open again.')),
});

/** Completes tasks, or opens them again. */
export const completeTask = defineTool<z.infer<typeof args>>({
  name: 'complete_task',
  title: 'Completing tasks',
  description: 'Marks one or many tasks as done, or as open again. Sub-tasks are marked only where you name them.',
  args,
  risk: 'write',
  plan({ ids, done }, context) {
    const { list } = context;
    const tasks = getTasks(list, ids);
    return {
      commands: tasks
        .filter((task) => task.value.done !== done)
        .map((task) => ({ name: 'task.complete', args: { id: task.id, done }, overwrites: task.id })),
      answer: {
        list: listOf(list),
        tasks: tasks.map((task) => {
          const doneAt = task.value.done === done ? task.value.doneAt : done ? context.now : null;
          return toToolTask({ ...task, value: { ...task.value, done, doneAt } }, list);
        }),
      },
      touched: tasks.map((task) => touchedTask(list, task.id)),
    };
  },
  describe: (args, answer) => `${args.done ? 'Completed' : 'Reopened'} ${tasksInWords(answer.tasks)}`,
});
