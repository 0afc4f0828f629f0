import type { BrokenCondition } from '@muster/protocol/condition';
import type { Due } from '@muster/protocol/due';
import type { WireError } from '@muster/protocol/error';
import { AGENT_ID } from '@muster/protocol/principal';
import { longDate } from '#lib/due/format-due.ts';
import type { Muster } from '#lib/state/muster.svelte.ts';

const LONGEST = 60;
const quoted = (text: string): string => `“${text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text}”`;

/** What they did, and to what it is now; after "Grace has", "you have". */
function deed({ type, field, value }: BrokenCondition): string {
  switch (field) {
    case 'title':
      return `changed the title ${type === 'list' ? 'of the list ' : ''}since, to ${quoted(String(value))}`;
    case 'notes':
      return `changed the notes since`;
    case 'due':
      return value === null ? 'removed the date since' : `changed the date since, to ${longDate((value as Due).date)}`;
    case 'priority':
      return value === 'none' ? 'removed the priority since' : `changed the priority since, to ${String(value)}`;
    case 'done':
      return value === true ? 'completed it since' : 'reopened it since';
    case 'pos':
    case 'parentId':
    case 'listId':
      return type === 'task' ? 'moved it since' : 'moved the list since';
    case 'labelIds':
      return 'changed its labels since';
    case 'assigneeIds':
      return 'changed who does it since';
    case 'children':
      if (type === 'thread') return 'written in the conversation since';
      return 'changed its sub-tasks since';
    case 'archivedAt':
      return value === null ? 'brought the list back since' : 'archived the list since';
    case 'role':
      return `changed the role since, to ${String(value)}`;
    case 'name':
      return `renamed the label since, to ${quoted(String(value))}`;
    case 'color':
      return 'changed the label’s colour since';
    case null:
      if (type === 'thread') return 'deleted the conversation since';
      return type === 'task' ? 'deleted it since' : `removed the ${type} since`;
    default:
      return 'changed it since';
  }
}

/** Why something was not taken back, and whose it is: `Grace has changed the title since, to “Raft”`. */
export function refusalInWords(error: WireError, muster: Pick<Muster, 'get' | 'nameOf' | 'userId'>): string {
  const conflict = error.details?.conflict;
  if (!conflict) return error.message.replace(/\.$/u, '');
  const { by, type, id, field } = conflict;
  const isOwn = by?.id === muster.userId && by !== null;
  const who = by === null ? 'someone has' : isOwn ? 'you have' : `${nameOf(by.id, muster)} has`;
  // Of a changed title the new one is told: the task's name would say it twice.
  const task = type === 'task' && field !== 'title' ? muster.get('task', id) : undefined;
  return `${task ? `${quoted(task.value.title)}: ` : ''}${who} ${deed(conflict)}${isOwn ? ', by something later' : ''}`;
}

const nameOf = (id: string, muster: Pick<Muster, 'nameOf'>): string =>
  id === AGENT_ID ? 'the agent' : muster.nameOf(id);
