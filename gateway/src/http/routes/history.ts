import type { HistoryRepository } from '@muster/db/repositories/history.repository';
import { MusterError } from '@muster/protocol/error';
import { DEFAULT_PAGE_SIZE } from '@muster/protocol/http';
import { historyPage, historyQuery, listAt, listAtQuery, type PastChange } from '@muster/protocol/http-history';
import { id } from '@muster/protocol/id';
import type { Profiles } from '@muster/protocol/principal';
import * as z from 'zod/mini';
import type { ApiContext } from '../api-context.ts';
import { readCursor, writeCursor } from '../cursor.ts';
import { defineRoute } from '../define-route.ts';
import { orNotFound } from '../found.ts';

const params = z.object({ id });
const tag = 'History';

export const historyRoutes = ({ history }: ApiContext) => [
  defineRoute({
    method: 'GET',
    path: '/lists/{id}/history',
    tag,
    summary: 'Who changed what, and when',
    description:
      "Newest first, each effect with what it replaced. For all members. `taskId`: one task's and its sub-tasks'; `actorId`: one person's or the agent's. A page may be shorter than asked for, even empty, and have a `next`.",
    params,
    query: historyQuery,
    answer: historyPage,
    handle: async ({ identity, params, query }) => {
      const { taskId, actorId, limit = DEFAULT_PAGE_SIZE } = query;
      const before = readCursor(query, { seq: 'number' });
      const search = { taskId, actorId, before: before?.seq, limit };
      const { items, titles, next } = orNotFound(await history.listOf(identity.userId, params.id, search));
      const profiles = await profilesIn(history, items);
      return { items, titles, profiles, ...(next === undefined ? {} : { next: writeCursor({ seq: next }) }) };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/lists/{id}/at',
    tag,
    summary: 'A list as it was',
    description:
      'Its title, tasks, labels and members after the change `seq`, or at the time `at`. `from` says how far back one can look: to where history is kept, and at most 50,000 changes. With `next` there are more tasks: ask again with the `seq` of the answer.',
    params,
    query: listAtQuery,
    answer: listAt,
    handle: async ({ identity, params, query }) => {
      const after = readCursor(query, { id: 'string' });
      const found = orNotFound(await history.findAt(identity.userId, params.id, query, after?.id));
      if ('tooFar' in found) throw outOfReach(query, found.tooFar);
      const { entities, next, ...rest } = found;
      const profiles = await profilesIn(history, found.change ? [found.change] : []);
      return { ...rest, profiles, items: entities, ...(next === undefined ? {} : { next: writeCursor({ id: next }) }) };
    },
  }),
];

function outOfReach({ at }: { at?: number | undefined }, { from, head }: { from: number; head: number }): MusterError {
  const message =
    at === undefined
      ? `must be from ${from} to ${head}: what was before is not kept, and no change is newer`
      : `must not be before change ${from}: what was before is not kept`;
  const path = at === undefined ? 'seq' : 'at';
  return new MusterError('invalid', `${path}: ${message}`, { faults: [{ path, message }] });
}

/** Whoever acted, and whoever was acted upon. */
function profilesIn(history: HistoryRepository, changes: readonly PastChange[]): Promise<Profiles> {
  const ids = new Set<string>();
  const addAll = (fields: Record<string, unknown> | null): void => {
    const { assigneeIds } = fields ?? {};
    if (Array.isArray(assigneeIds)) assigneeIds.forEach((id) => ids.add(String(id)));
  };
  for (const { actor, effects, overwrote = [] } of changes) {
    ids.add(actor.id);
    if (actor.for !== undefined) ids.add(actor.for);
    overwrote.forEach((lost) => ids.add(lost.actor));
    for (const effect of effects) {
      if (effect.type === 'member') ids.add(effect.id);
      addAll(effect.prev);
      if (effect.op === 'patch') addAll(effect.fields);
    }
  }
  return history.readProfiles([...ids]);
}
