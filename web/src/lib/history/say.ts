import type { Due } from '@muster/protocol/due';
import { AGENT_ID, type ChangeActor, type Role } from '@muster/protocol/principal';
import { wallClock } from '@muster/domain/dates/calendar';
import { dueWallClock, shortDate, type DueReader } from '../due/format-due.ts';
import type { Deed, FieldDeed, Mentioned } from './deed.ts';

/** A sentence in pieces: plain words, quoted words, and tasks that can be opened. */
export type Part = string | { quote: string } | { tasks: Mentioned[]; word: string };

export interface Teller {
  nameOf(personId: string): string;
  labelName(labelId: string): string;
  /** Who reads: they are "you". */
  selfId?: string | undefined;
  reader: DueReader;
  /** The task whose own history is told: it is "it" or left out. */
  about?: string | undefined;
}

const ROLES: Record<Role, string> = { owner: 'an owner', editor: 'an editor', viewer: 'a viewer' };
const NOUNS: Record<string, string> = { title: 'title', notes: 'notes', due: 'due date', priority: 'priority' };

/** "Grace", "You", "Agent, for Ada,". */
export function sayWho(actor: ChangeActor, { nameOf, selfId }: Teller): string {
  if (actor.id === AGENT_ID) {
    if (actor.for === undefined) return 'Agent';
    return `Agent, for ${actor.for === selfId ? 'you' : nameOf(actor.for)},`;
  }
  return actor.id === selfId ? 'You' : nameOf(actor.id);
}

/** What was done, to stand behind {@link sayWho}: "renamed “Boat” to “Confirm the boat”". */
export function sayDeed(deed: Deed, teller: Teller): Part[] {
  switch (deed.deed) {
    case 'field':
      return [...sayField(deed, teller), ...sayOverwrote(deed, teller)];
    case 'added':
    case 'deleted':
    case 'restored':
      return sayWhole(deed, teller);
    case 'came':
    case 'went': {
      const where = deed.list === undefined ? 'another list' : { quote: deed.list };
      const way = deed.deed === 'came' ? 'here from ' : 'to ';
      return ['moved ', ...sayTasks(deed.tasks, teller), sayWith(deed.subTasks), ` ${way}`, where].filter(Boolean);
    }
    case 'nested':
      if (deed.next === null) {
        const from: Part[] = deed.old === null ? [] : [' out of ', ...sayTasks([deed.old], teller)];
        return ['took ', ...sayTasks(deed.tasks, teller), ...from];
      }
      return ['made ', ...sayTasks(deed.tasks, teller), ' a sub-task of ', ...sayTasks([deed.next], teller)];
    case 'reordered':
      return ['moved ', ...sayTasks(deed.tasks, teller), ' to another place'];
    case 'list':
      if (deed.what === 'made') return ['made the list ', { quote: deed.title }];
      if (deed.what === 'renamed')
        return ['renamed the list from ', { quote: deed.old }, ' to ', { quote: deed.title }];
      return [deed.what === 'archived' ? 'archived the list' : 'brought the list back'];
    case 'member':
      return sayMember(deed, teller);
    case 'label':
      if (deed.what === 'renamed') return ['renamed the label ', { quote: deed.old }, ' to ', { quote: deed.name }];
      if (deed.what === 'recoloured') return ['gave the label ', { quote: deed.name }, ' another colour'];
      return [`${deed.what} the label `, { quote: deed.name }];
    case 'thread':
      if (deed.what === 'renamed') return ['renamed a conversation to ', { quote: deed.title }];
      return [`${deed.what} ${deed.title === '' ? 'a conversation' : 'the conversation '}`, ...quoted(deed.title)];
  }
}

/** The pieces as one text, for those who hear it. */
export const plain = (parts: readonly Part[]): string =>
  parts.map((part) => (typeof part === 'string' ? part : 'quote' in part ? `“${part.quote}”` : part.word)).join('');

/** "Mon 9 Mar, 17:00": a day that stays true, however long ago it is read. */
export function sayDue(due: Due, reader: DueReader): string {
  const { date, time } = dueWallClock(due, reader.zone);
  const day = shortDate(date, wallClock(reader.now, reader.zone).date);
  return time === null ? day : `${day}, ${time}`;
}

const quoted = (text: string): Part[] => (text === '' ? [] : [{ quote: text }]);

function sayTasks(tasks: Mentioned[], { about }: Teller): Part[] {
  const [first] = tasks;
  if (tasks.length === 1 && first) return first.id === about ? ['this task'] : [{ tasks, word: `“${first.title}”` }];
  return [{ tasks, word: `${tasks.length} tasks` }];
}

/** Of a field: " of “Boat”"; nothing where all is about that task. */
function ofTasks(tasks: Mentioned[], teller: Teller, before: string): Part[] {
  return tasks.length === 1 && tasks[0]?.id === teller.about ? [] : [before, ...sayTasks(tasks, teller)];
}

const sayWith = (subTasks: number): string =>
  subTasks === 0 ? '' : ` with ${subTasks === 1 ? 'a sub-task' : `${subTasks} sub-tasks`}`;

function sayWhole(deed: Extract<Deed, { subTasks: number }> & { under?: Mentioned }, teller: Teller): Part[] {
  const verb = deed.deed === 'restored' ? 'brought back' : deed.deed;
  const what = sayTasks(deed.tasks, teller);
  if (deed.under === undefined) return [`${verb} `, ...what, sayWith(deed.subTasks)].filter(Boolean);
  const under = ofTasks([deed.under], teller, deed.deed === 'added' ? ' to ' : ' of ');
  if (deed.tasks.length === 1) return [`${verb} the sub-task `, ...what, ...under];
  const [first] = what;
  const many =
    typeof first === 'object' && 'tasks' in first ? { ...first, word: `${deed.tasks.length} sub-tasks` } : '';
  return [`${verb} `, many, ...under];
}

function sayField(deed: FieldDeed, teller: Teller): Part[] {
  const { reader } = teller;
  const tasks = sayTasks(deed.tasks, teller);
  switch (deed.field) {
    case 'title':
      return ['renamed ', { quote: deed.old }, ' to ', { tasks: deed.tasks, word: `“${deed.next}”` }];
    case 'notes': {
      const [verb, link] = deed.old === '' ? ['wrote', ' for '] : [deed.next === '' ? 'cleared' : 'edited', ' of '];
      return [`${verb} ${deed.old === '' ? 'notes' : 'the notes'}`, ...ofTasks(deed.tasks, teller, link)];
    }
    case 'due':
      if (deed.next === null) {
        const was = deed.old === null ? '' : ` (${sayDue(deed.old, reader)})`;
        return ['took the due date off ', ...tasks, was].filter(Boolean);
      }
      if (deed.old === null) return ['made ', ...tasks, ` due ${sayDue(deed.next, reader)}`];
      return [
        'moved the due date',
        ...ofTasks(deed.tasks, teller, ' of '),
        ` from ${sayDue(deed.old, reader)} to ${sayDue(deed.next, reader)}`,
      ];
    case 'priority':
      if (deed.next === 'none') return [`took the ${deed.old} priority off `, ...tasks];
      if (deed.old === 'none') return ['gave ', ...tasks, ` ${deed.next} priority`];
      return ['changed the priority', ...ofTasks(deed.tasks, teller, ' of '), ` from ${deed.old} to ${deed.next}`];
    case 'done':
      return [deed.next ? 'completed ' : 'reopened ', ...tasks];
    case 'assigneeIds': {
      const { added, removed } = difference(deed.old, deed.next, (id) => sayPerson(id, teller));
      if (added && removed) return ['assigned ', ...tasks, ` to ${added} instead of ${removed}`];
      return added ? ['assigned ', ...tasks, ` to ${added}`] : [`took ${removed} off `, ...tasks];
    }
    case 'labelIds': {
      const { added, removed } = difference(deed.old, deed.next, (id) => `“${teller.labelName(id)}”`);
      if (added && removed) return ['labelled ', ...tasks, ` ${added} instead of ${removed}`];
      return added ? ['labelled ', ...tasks, ` ${added}`] : [`took the label ${removed} off `, ...tasks];
    }
  }
}

function sayOverwrote(deed: FieldDeed, teller: Teller): Part[] {
  if (deed.overwrote === undefined) return [];
  const whose = deed.overwrote === teller.selfId ? 'your' : `${teller.nameOf(deed.overwrote)}’s`;
  return [`, which overwrote ${whose} ${NOUNS[deed.field] ?? deed.field}`];
}

function sayMember(deed: Extract<Deed, { deed: 'member' }>, teller: Teller): Part[] {
  const who = sayPerson(deed.id, teller);
  const role = deed.role ? ROLES[deed.role] : 'a member';
  switch (deed.what) {
    case 'joined':
      return [`joined as ${role}`];
    case 'left':
      return ['left the list'];
    case 'added':
      return [`added ${who} as ${role}`];
    case 'became':
      return [`made ${who} ${role}`];
    case 'removed':
      return [`removed ${who}`];
  }
}

const sayPerson = (id: string, { nameOf, selfId }: Teller): string => (id === selfId ? 'you' : nameOf(id));

function difference(old: readonly string[], next: readonly string[], say: (id: string) => string) {
  const list = (ids: readonly string[]) => and(ids.map(say));
  return {
    added: list(next.filter((id) => !old.includes(id))),
    removed: list(old.filter((id) => !next.includes(id))),
  };
}

const and = (words: string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
