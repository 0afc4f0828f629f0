import type { MusterClient } from '@muster/client/types';
import { byPlace } from '@muster/domain/ordering';
import type { ScopeId } from '@muster/protocol/id';

/** The titles of a list's tasks in their order, as a client shows them. */
export const titlesOf = (client: MusterClient, scope: ScopeId): string[] =>
  client
    .all(scope, 'task')
    .map(({ id, value }) => ({ id, pos: value.pos, title: value.title }))
    .sort(byPlace)
    .map(({ title }) => title);

/** Everything that a client holds of a scope, as it would compare. */
export const contentsOf = (client: MusterClient, scope: ScopeId) =>
  (['list', 'member', 'task', 'label', 'thread'] as const)
    .flatMap((type) => client.all(scope, type))
    .sort((a, b) => (`${a.type}${a.id}` < `${b.type}${b.id}` ? -1 : 1));
