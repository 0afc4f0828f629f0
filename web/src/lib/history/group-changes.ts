import type { PastChange } from '@muster/protocol/http-history';
import type { Deed, FieldDeed, Mentioned } from './deed.ts';
import type { KnownNames } from './known-names.ts';
import { readDeeds } from './read-deeds.ts';

/** What one person, or one run of the agent, did in one go. */
export interface Group {
  /** The newest change in it: what the list was like after all of it. */
  seq: number;
  at: number;
  actor: PastChange['actor'];
  runId?: string;
  threadId?: string;
  deeds: Deed[];
}

const IN_ONE_GO_MS = 60_000;

/**
 * Changes (newest first) told as few groups (newest first): those of one transaction, of one run, and of one person
 * within a minute stand together, as long as nobody else's stand between them.
 */
export function groupChanges(changes: readonly PastChange[], names: KnownNames): Group[] {
  const gathered: PastChange[][] = [];
  for (const change of changes) {
    const last = gathered.at(-1);
    if (last && isOneGo(last, change)) last.push(change);
    else gathered.push([change]);
  }
  return gathered.flatMap((group) => {
    const newest = group[0] as PastChange;
    const deeds = fold(group.toReversed().flatMap((change) => readDeeds(change, names)));
    if (deeds.length === 0) return [];
    const { seq, at, actor, runId, threadId } = newest;
    return [{ seq, at, actor, ...(runId ? { runId } : {}), ...(threadId ? { threadId } : {}), deeds }];
  });
}

function isOneGo(group: PastChange[], change: PastChange): boolean {
  const [newest, last] = [group[0] as PastChange, group.at(-1) as PastChange];
  if (newest.actor.id !== change.actor.id || newest.actor.for !== change.actor.for) return false;
  if (newest.runId !== change.runId) return false;
  return change.runId !== undefined || last.txnId === change.txnId || newest.at - change.at <= IN_ONE_GO_MS;
}

/** Deeds (oldest first) that say the same of several tasks become one; a field changed twice is told once. */
function fold(deeds: Deed[]): Deed[] {
  const folded: Deed[] = [];
  for (const deed of deeds) {
    const at = folded.findLastIndex((before) => joined(before, deed) !== undefined);
    const one = at < 0 ? undefined : joined(folded[at] as Deed, deed);
    if (one === undefined) folded.push(deed);
    else if (one === null) folded.splice(at, 1);
    else folded[at] = one;
  }
  return folded;
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const isIn = (tasks: readonly Mentioned[], task: Mentioned | undefined): boolean =>
  tasks.some(({ id }) => id === task?.id);
const union = (a: Mentioned[], b: Mentioned[]): Mentioned[] => [...a, ...b.filter((task) => !isIn(a, task))];

/** Both as one; null where together they changed nothing; undefined where they stay two. */
function joined(a: Deed, b: Deed): Deed | null | undefined {
  if (a.deed === 'field' && b.deed === 'field') return joinedFields(a, b);
  if (a.deed === 'reordered' && b.deed === 'reordered') return { ...a, tasks: union(a.tasks, b.tasks) };
  if (a.deed !== b.deed) return undefined;
  if (a.deed === 'added' || a.deed === 'deleted' || a.deed === 'restored') {
    const { under, subTasks, tasks } = b as typeof a;
    if (a.under?.id !== under?.id || isIn(a.tasks, tasks[0])) return undefined;
    return { ...a, tasks: union(a.tasks, tasks), subTasks: a.subTasks + subTasks };
  }
  if (a.deed === 'came' || a.deed === 'went') {
    const { listId, subTasks, tasks } = b as typeof a;
    if (a.listId !== listId) return undefined;
    return { ...a, tasks: union(a.tasks, tasks), subTasks: a.subTasks + subTasks };
  }
  if (a.deed === 'nested') {
    const { next, tasks } = b as typeof a;
    return a.next?.id === next?.id && a.old?.id === (b as typeof a).old?.id
      ? { ...a, tasks: union(a.tasks, tasks) }
      : undefined;
  }
  return undefined;
}

function joinedFields(a: FieldDeed, b: FieldDeed): Deed | null | undefined {
  if (a.field !== b.field) return undefined;
  if (same(a.old, b.old) && same(a.next, b.next) && a.overwrote === b.overwrote && a.field !== 'title') {
    return { ...a, tasks: union(a.tasks, b.tasks) };
  }
  if (a.tasks.length !== 1 || a.tasks[0]?.id !== b.tasks[0]?.id) return undefined;
  if (isWordsLost(a, b)) return undefined;
  if (same(a.old, b.next) && a.overwrote === undefined && b.overwrote === undefined) return null;
  const overwrote = a.overwrote ?? b.overwrote;
  return { ...b, old: a.old, ...(overwrote ? { overwrote } : {}) } as FieldDeed;
}

/** Words that stood for a moment alone must be found too: told apart, unless what followed has them in it. */
function isWordsLost(a: FieldDeed, b: FieldDeed): boolean {
  if (a.field === 'title') return same(a.old, b.next);
  return a.field === 'notes' && b.field === 'notes' && !b.next.includes(a.next);
}
