import type { ToolTask } from '@muster/domain/tools/tool';
import type { Snapshot } from '../snapshot.ts';
import { joined, quoted } from './phrasing.ts';

/** Questions back: nothing was changed, and each says what to answer. */

const named = (tasks: ToolTask[], word: string): string => {
  const shown = tasks.slice(0, 5).map((task) => quoted(task.title));
  return tasks.length > shown.length
    ? `${shown.join(', ')} and ${tasks.length - shown.length} more`
    : joined(shown, word);
};

export const whichOne = (phrase: string, tasks: ToolTask[], act: string): string =>
  `${tasks.length === 2 ? 'Two' : String(tasks.length)} tasks fit “${phrase}”: ${named(tasks, 'and')}. Which one shall I ${act}?`;

export const noneFits = (phrase: string, near: ToolTask[], act: string): string =>
  near.length > 0
    ? `I found no task “${phrase}” to ${act}. Did you mean ${named(near.slice(0, 3), 'or')}?`
    : `I found no task like “${phrase}” to ${act}. What is it called in this list, or shall I add it?`;

export const noneInFilter = (words: string): string =>
  `No task fits “${words}”, so I changed nothing. Which tasks do you mean?`;

export const sureToDelete = (tasks: ToolTask[], open: number): string =>
  `That would delete ${tasks.length} tasks, and ${open} are open: ${named(tasks, 'and')}. To be safe I deleted nothing. Which of them shall really go? Name them, or say “delete the overdue tasks”, for example.`;

export const noSuchMember = (name: string, snapshot: Snapshot): string =>
  `Nobody called ${quoted(name)} is in this list, so I changed nothing. Its members are ${joined(snapshot.members.slice(0, 10).map((member) => member.name))}. Whom do you mean?`;
