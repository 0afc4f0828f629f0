import { scopeOf, type ScopeId } from '@muster/protocol/id';
import type { Replica } from './replica.ts';

/** The person's own scope; undefined before they are known. */
export function ownScope(replica: Replica): ScopeId | undefined {
  const { userId } = replica.view;
  return userId === undefined ? undefined : scopeOf('user', userId);
}

/** Scopes whose content nobody looks at, and that the person's own scope leads back to. */
export function spareScopes(replica: Replica, follows: ReadonlyMap<ScopeId, { handles: number }>): ScopeId[] {
  const own = ownScope(replica);
  return replica.confirmed.scopes().filter((scope) => scope !== own && !follows.get(scope)?.handles);
}

/**
 * Whether a list that the queue makes is not told of yet: its membership is on the way, and its content follows. What was
 * made in it and is answered first must not leave the view until then.
 */
export function isOnItsWay(replica: Replica, scope: ScopeId): boolean {
  const own = ownScope(replica);
  return (
    own !== undefined &&
    scope.startsWith('list:') &&
    replica.view.intents.some(({ creates, arrived }) => creates.includes(scope) && !arrived.has(own))
  );
}

/** The lists that confirmed memberships name: what the sidebar shows, and what is followed without being asked. */
export function memberLists(replica: Replica): Set<ScopeId> {
  const own = ownScope(replica);
  const ids = own ? replica.confirmed.ofType(own, 'membership').keys() : [];
  return new Set([...ids].map((id) => scopeOf('list', id)));
}
