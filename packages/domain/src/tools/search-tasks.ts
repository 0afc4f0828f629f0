import * as z from 'zod/mini';
import { listArg } from './task-arguments.ts';
import { answerWith, count, filterTasks, inOrder, page, taskFilter } from './list-tasks.ts';
import { defineTool } from './tool.ts';

const args = z.strictObject({
  list: listArg,
  query: z
    .string()
    .check(
      z.trim(),
      z.minLength(1),
      z.maxLength(200),
      z.describe('Words to find in titles and notes. All of them must be there.'),
    ),
  ...taskFilter,
  status: z.nullable(z.enum(['open', 'done', 'all'])).check(z.describe('Which tasks; null: all of them.')),
  ...page,
});

/** Finds tasks by words, those whose title has them before those whose notes have them. */
export const searchTasks = defineTool<z.infer<typeof args>>({
  name: 'search_tasks',
  title: 'Searching the list',
  description: 'Finds tasks of a list by words in their titles and notes, done ones too unless you say otherwise.',
  args,
  risk: 'read',
  plan(args, context) {
    const words = args.query.toLowerCase().split(/\s+/);
    const candidates = filterTasks({ ...args, status: args.status ?? 'all' }, context, inOrder(context.list));
    const has = (text: string): boolean => words.every((word) => text.includes(word));
    const byTitle = candidates.filter(({ value }) => has(value.title.toLowerCase()));
    const byNotes = candidates.filter(
      ({ value }) => !has(value.title.toLowerCase()) && has(`${value.title}\n${value.notes}`.toLowerCase()),
    );
    return answerWith(context, [...byTitle, ...byNotes], args);
  },
  describe: (args, answer) => `Found ${count(answer['total'], answer.tasks.length)} for “${args.query}”`,
});
