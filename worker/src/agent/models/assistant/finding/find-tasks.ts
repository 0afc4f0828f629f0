import { wallClock } from '@muster/domain/dates/calendar';
import { PRIORITIES } from '@muster/protocol/task';
import type { ToolTask } from '@muster/domain/tools/tool';
import { contentWords } from '../reading/phrases.ts';
import type { Filter } from '../reading/request.ts';
import type { Snapshot } from '../snapshot.ts';

/** Finds the tasks that words mean. */

const fold = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

export interface Matches {
  /** Those that fit best, in the list's order; several are as good as each other. */
  best: ToolTask[];
  /** Fit in part: worth naming when there is no better one. */
  near: ToolTask[];
}

/** @param prefer which tasks are meant where open and done ones fit alike */
export function findByWords(snapshot: Snapshot, phrase: string, prefer: 'open' | 'done' | 'any'): Matches {
  const preferred = (tasks: ToolTask[]): ToolTask[] => {
    if (prefer === 'any') return tasks;
    const wanted = tasks.filter((task) => task.done === (prefer === 'done'));
    return wanted.length > 0 ? wanted : tasks;
  };
  const exact = snapshot.tasks.filter((task) => fold(task.title) === fold(phrase));
  if (exact.length > 0) return { best: preferred(exact), near: [] };
  const words = contentWords(phrase);
  const scored = snapshot.tasks.map((task) => ({ task, score: scoreOf(words, task) }));
  const whole = scored.filter(({ score }) => score >= 1).map(({ task }) => task);
  const near = scored.filter(({ score }) => score > 0 && score < 1).sort((a, b) => b.score - a.score);
  if (whole.length > 0) return { best: preferred(whole), near: near.map(({ task }) => task) };
  return { best: [], near: preferred(near.map(({ task }) => task)) };
}

/** The share of the phrase's words that the task has, in its title first, then its labels and notes. */
function scoreOf(words: string[], task: ToolTask): number {
  if (words.length === 0) return 0;
  const title = new Set(contentWords(task.title));
  const beside = new Set(contentWords(task.labels.join(' ')));
  const hits = words.filter(
    (word) => title.has(word) || beside.has(word) || [...title].some((own) => isNear(own, word)),
  ).length;
  return words.some((word) => title.has(word) || [...title].some((own) => isNear(own, word))) ? hits / words.length : 0;
}

/** A slip of one letter in a long word, or a word that begins like it: "apointment", "dent" for "dentist". */
function isNear(own: string, word: string): boolean {
  if (own === word) return true;
  if (word.length >= 5 && own.length >= 5 && (own.startsWith(word) || word.startsWith(own))) return true;
  if (Math.min(own.length, word.length) < 5 || Math.abs(own.length - word.length) > 1) return false;
  let at = 0;
  while (at < own.length && own[at] === word[at]) at += 1;
  const rest = [own.slice(at), word.slice(at)] as const;
  return rest[0].slice(1) === rest[1].slice(1) || rest[0].slice(1) === rest[1] || rest[0] === rest[1].slice(1);
}

export const isOverdue = (task: ToolTask, snapshot: Snapshot): boolean => {
  if (task.done || !task.due) return false;
  const { date, time } = wallClock(snapshot.now, snapshot.zone);
  return task.due.date < date || (task.due.date === date && task.due.time !== undefined && task.due.time < time);
};

export function findByFilter(snapshot: Snapshot, filter: Filter): ToolTask[] {
  const rank = (priority: ToolTask['priority']) => PRIORITIES.indexOf(priority);
  const words = filter.words === undefined ? undefined : contentWords(filter.words);
  return snapshot.tasks.filter((task) => {
    if (filter.status !== 'all' && task.done !== (filter.status === 'done')) return false;
    if (filter.isOverdue && !isOverdue(task, snapshot)) return false;
    if (filter.hasDue === false && task.due) return false;
    if (filter.dueFrom !== undefined && (!task.due || task.due.date < filter.dueFrom)) return false;
    if (filter.dueTo !== undefined && (!task.due || task.due.date > filter.dueTo)) return false;
    if (filter.priority === 'low' || filter.priority === 'medium') {
      if (task.priority !== filter.priority) return false;
    } else if (filter.priority && rank(task.priority) < rank(filter.priority)) return false;
    if (filter.label !== undefined && !task.labels.some((name) => fold(name) === fold(filter.label ?? '')))
      return false;
    if (filter.assignee !== undefined && !isAssigned(task, filter.assignee, snapshot)) return false;
    return !words || words.every((word) => scoreOf([word], task) > 0 || contentWords(task.notes).includes(word));
  });
}

function isAssigned(task: ToolTask, assignee: string, snapshot: Snapshot): boolean {
  if (assignee === 'nobody') return task.assignees.length === 0;
  return task.assignees.includes(assignee === 'me' ? (snapshot.me ?? '') : assignee);
}
