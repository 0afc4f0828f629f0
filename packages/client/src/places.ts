import { byPlace } from '@muster/domain/ordering';
import { scopeOf } from '@muster/protocol/id';
import type { Between, Inverse, Look } from './step.ts';

interface Place {
  id: string;
  listId: string;
  pos: string;
}

/** Between which other tasks of its list a place is. */
function between(look: Look, { id, listId, pos }: Place): Between {
  const others = look
    .all(scopeOf('list', listId), 'task')
    .filter((other) => other.id !== id)
    .map((other) => ({ id: other.id, pos: other.value.pos }))
    .sort(byPlace);
  const next = others.findIndex((other) => byPlace(other, { id, pos }) > 0);
  const at = next === -1 ? others.length : next;
  return { behind: others[at - 1]?.id ?? null, before: others[at]?.id ?? null };
}

function placeOf(look: Look, listId: string, id: string): Place | undefined {
  const task = look.all(scopeOf('list', listId), 'task').find((one) => one.id === id);
  return task && { id, listId, pos: task.value.pos };
}

/** A move remembers its neighbours, where it was and where it is: a list that is keyed anew keeps them. */
export function rememberPlaces(look: Look, inverse: Inverse): Inverse {
  const { slot, args } = inverse;
  if (!slot) return inverse;
  const { id } = args as { id: string };
  const now = placeOf(look, inverse.ifStill[0]?.fields?.listId as string, id);
  return {
    ...inverse,
    slot: { ...slot, behind: between(look, { ...slot, id }).behind },
    ...(now ? { between: between(look, now) } : {}),
  };
}

/**
 * What a move back says now: behind which task, and under which condition. A list that was keyed anew has given every
 * task another key; one that still stands beside the same neighbour has not been moved by anyone.
 */
export function moveBack(look: Look, inverse: Inverse): Pick<Inverse, 'args' | 'ifStill'> {
  const { slot, args, ifStill, between: was } = inverse;
  if (!slot) return { args, ifStill };
  const { id } = args as { id: string };
  const [first, ...others] = ifStill;
  const now = placeOf(look, first?.fields?.listId as string, id);
  const isKeyedAnew = now !== undefined && first?.fields?.pos !== undefined && first.fields.pos !== now.pos;
  if (isKeyedAnew && was && slot.behind !== undefined && isBeside(between(look, now), was)) {
    const stands = { ...first, fields: { ...first.fields, pos: now.pos } };
    return { args: { ...(args as object), after: slot.behind }, ifStill: [stands, ...others] };
  }
  return { args: { ...(args as object), after: between(look, { ...slot, id }).behind }, ifStill };
}

/** Ends of the list are no neighbours to tell a place by, unless it was alone there. */
function isBeside(now: Between, was: Between): boolean {
  const isSame = now.behind === was.behind && now.before === was.before;
  return (
    isSame || (now.behind !== null && now.behind === was.behind) || (now.before !== null && now.before === was.before)
  );
}
