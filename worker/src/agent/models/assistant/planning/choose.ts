import type { ToolTask } from '@muster/domain/tools/tool';
import { findByFilter, findByWords } from '../finding/find-tasks.ts';
import { splitItems } from '../reading/items.ts';
import type { Target } from '../reading/request.ts';
import type { Snapshot } from '../snapshot.ts';
import { whichOne, noneFits, noneInFilter } from '../wording/questions.ts';
import type { Recent } from './plan-request.ts';

/** The tasks meant, or the question to ask back. */
export type Choice = { tasks: ToolTask[]; isNamed: boolean } | { ask: string };

/** Who is meant by each target; a single doubt asks back, and nothing is done by halves. */
export function choose(
  targets: Target[],
  snapshot: Snapshot,
  recent: Recent,
  prefer: 'open' | 'done' | 'any',
  act: string,
): Choice {
  const whole = asOnePhrase(targets, snapshot, prefer);
  const chosen: ToolTask[] = [];
  let isNamed = false;
  for (const target of whole ?? targets) {
    const choice = chooseOne(target, snapshot, recent, prefer, act);
    if ('ask' in choice) return choice;
    chosen.push(...choice.tasks);
    isNamed ||= choice.isNamed;
  }
  return { tasks: [...new Map(chosen.map((task) => [task.id, task])).values()], isNamed };
}

/** "Milk and flights" are two, "research and development" may be one task: its whole name goes first. */
function asOnePhrase(targets: Target[], snapshot: Snapshot, prefer: 'open' | 'done' | 'any'): Target[] | undefined {
  if (targets.length < 2 || !targets.every((target) => target.by === 'words')) return undefined;
  const phrase = targets.map((target) => (target.by === 'words' ? target.phrase : '')).join(' and ');
  return findByWords(snapshot, phrase, prefer).best.length === 1 ? [{ by: 'words', phrase, many: false }] : undefined;
}

function chooseOne(
  target: Target,
  snapshot: Snapshot,
  recent: Recent,
  prefer: 'open' | 'done' | 'any',
  act: string,
): Choice {
  if (target.by === 'pronoun') {
    const tasks = recent.flatMap((id) => snapshot.tasks.find((task) => task.id === id) ?? []);
    return tasks.length > 0
      ? { tasks, isNamed: true }
      : { ask: `Which task do you mean? Say its name, and I will ${act} it.` };
  }
  if (target.by === 'filter') {
    const tasks = findByFilter(snapshot, target.filter);
    return tasks.length > 0 ? { tasks, isNamed: false } : { ask: noneInFilter(target.words) };
  }
  const { best, near } = findByWords(snapshot, target.phrase, prefer);
  if (best.length === 1 || (best.length > 1 && target.many)) return { tasks: best, isNamed: true };
  if (best.length > 1) return { ask: whichOne(target.phrase, best, act) };
  const parts = splitLoosely(target.phrase);
  if (parts.length > 1) {
    const found = parts.map((part) => findByWords(snapshot, part, prefer).best);
    if (found.every((tasks) => tasks.length === 1)) return { tasks: found.flat(), isNamed: true };
  }
  return { ask: noneFits(target.phrase, near, act) };
}

/** A second try at "the milk task and the dentist call", which no shape gave away as two. */
const splitLoosely = (phrase: string): string[] => splitItems(phrase, 2);
