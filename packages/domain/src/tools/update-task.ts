import { LIMITS } from '@muster/protocol/limits';
import type { Task } from '@muster/protocol/task';
import * as z from 'zod/mini';
import { reject } from '../command.ts';
import { openLabelBook, type LabelBook } from './label-changes.ts';
import {
  dueArg,
  labelNames,
  listArg,
  memberNames,
  notesArg,
  priorityArg,
  taskId,
  titleArg,
  toDue,
} from './task-arguments.ts';
import { findLabel, getTask, listOf, memberIdOf, tasksInWords, toToolTask, touchedTask } from './tool-list.ts';
import { defineTool, type ToolCommand, type ToolContext, type ToolTask } from './tool.ts';

const taskChange = z.strictObject({
  id: taskId,
  title: z.nullable(titleArg).check(z.describe('The new title; null keeps it.')),
  notes: z.nullable(notesArg).check(z.describe('The new notes, whole; "" clears them, null keeps them.')),
  due: z
    .nullable(z.union([dueArg, z.literal('none')]))
    .check(z.describe('The new due date; "none" clears it, null keeps it.')),
  priority: z.nullable(priorityArg).check(z.describe('The new priority; null keeps it.')),
  addLabels: z.nullable(labelNames),
  removeLabels: z.nullable(labelNames),
  addAssignees: z.nullable(memberNames),
  removeAssignees: z.nullable(memberNames),
});
const args = z.strictObject({
  list: listArg,
  tasks: z
    .array(taskChange)
    .check(
      z.minLength(1),
      z.maxLength(LIMITS.tasksInOneCall),
      z.describe('The tasks to change, and what becomes of each.'),
    ),
});
type TaskChange = z.infer<typeof taskChange>;

/** Changes what tasks say: title, notes, due, priority, labels, assignees. */
export const updateTask = defineTool<z.infer<typeof args>>({
  name: 'update_task',
  title: 'Changing tasks',
  description:
    'Changes titles, notes, due dates, priorities, labels and assignees of one or many tasks, all in one step. What is null stays as it is. Answers conflict where somebody changed the same field meanwhile: read the task again then.',
  args,
  risk: 'write',
  plan(args, context) {
    const book = openLabelBook(context);
    const changes = args.tasks.map((change) => planChange(change, context, book));
    return {
      commands: [...book.commands, ...changes.flatMap((change) => change.commands)],
      answer: { list: listOf(context.list), tasks: changes.map((change) => change.task) },
      touched: changes.map((change) => touchedTask(context.list, change.task.id)),
    };
  },
  describe: (_args, answer) => `Changed ${tasksInWords(answer.tasks)} in ${answer.list.title}`,
});

function planChange(
  change: TaskChange,
  context: ToolContext,
  book: LabelBook,
): { task: ToolTask; commands: ToolCommand[] } {
  const { list } = context;
  const task = getTask(list, change.id);
  const fields: Partial<Pick<Task, 'title' | 'notes' | 'due' | 'priority'>> = {};
  if (change.title !== null) fields.title = change.title;
  if (change.notes !== null) fields.notes = change.notes;
  if (change.due !== null) fields.due = change.due === 'none' ? null : toDue(change.due, context.zone);
  if (change.priority !== null) fields.priority = change.priority;

  const addLabels = (change.addLabels ?? []).map(book.idOf);
  const removeLabels = (change.removeLabels ?? []).map((name) => {
    const label = findLabel(list, name);
    return label?.id ?? reject('not_found', `This list has no label ${JSON.stringify(name.slice(0, 80))}.`);
  });
  const addPeople = (change.addAssignees ?? []).map((name) => memberIdOf(context, name));
  const removePeople = (change.removeAssignees ?? []).map((name) => memberIdOf(context, name));

  const commands: ToolCommand[] = [];
  if (Object.keys(fields).length > 0) {
    commands.push({ name: 'task.update', args: { id: task.id, fields }, overwrites: task.id });
  }
  if (addLabels.length + removeLabels.length > 0) {
    commands.push({ name: 'task.label', args: { id: task.id, ...addRemove(addLabels, removeLabels) } });
  }
  if (addPeople.length + removePeople.length > 0) {
    commands.push({ name: 'task.assign', args: { id: task.id, ...addRemove(addPeople, removePeople) } });
  }
  if (commands.length === 0) reject('invalid', 'Nothing to change: every field of a task is null.');
  const value: Task = {
    ...task.value,
    ...fields,
    labelIds: merged(task.value.labelIds, addLabels, removeLabels),
    assigneeIds: merged(task.value.assigneeIds, addPeople, removePeople),
  };
  return { commands, task: toToolTask({ ...task, value }, { labels: book.all, members: list.members }) };
}

const addRemove = (add: string[], remove: string[]): { add?: string[]; remove?: string[] } => ({
  ...(add.length > 0 ? { add: [...new Set(add)] } : {}),
  ...(remove.length > 0 ? { remove: [...new Set(remove)] } : {}),
});

const merged = (had: string[], add: string[], remove: string[]): string[] =>
  [...new Set([...had, ...add])].filter((id) => !remove.includes(id));
