import { conflictsDismiss, conflictsDismissed, conflictsPage, conflictsQuery } from '@muster/protocol/http-conflicts';
import type { ApiContext } from '../api-context.ts';
import { readCursor, rowsFor, toPage } from '../cursor.ts';
import { defineRoute } from '../define-route.ts';

const tag = 'History';

export const conflictRoutes = ({ conflicts, history }: ApiContext) => [
  defineRoute({
    method: 'GET',
    path: '/conflicts',
    tag,
    summary: 'What was overwritten of yours',
    description:
      'Newest first: words of yours that someone replaced who had not seen them, in lists that you can see, until you dismiss them. `by` is whose change it was, you yourself where it came from another device.',
    query: conflictsQuery,
    answer: conflictsPage,
    handle: async ({ identity: { userId }, query }) => {
      const after = readCursor(query, { at: 'number', id: 'string' });
      const rows = await conflicts.listOf(userId, after, rowsFor(query));
      const page = toPage(
        rows,
        query,
        ({ at, id }) => ({ at, id }),
        (conflict) => conflict,
      );
      const people = page.items.flatMap(({ by }) => (by.for === undefined ? [by.id] : [by.id, by.for]));
      return {
        ...page,
        total: await conflicts.count(userId),
        profiles: await history.readProfiles([...new Set(people)]),
      };
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/conflicts/dismiss',
    tag,
    summary: 'Let overwritten words be',
    description: 'These (`ids`) or all (`all: true`). They stay in the history.',
    body: conflictsDismiss,
    answer: conflictsDismissed,
    status: 200,
    handle: async ({ identity: { userId }, body }) => {
      await conflicts.dismiss(userId, 'ids' in body ? body.ids : undefined);
      return { total: await conflicts.count(userId) };
    },
  }),
];
