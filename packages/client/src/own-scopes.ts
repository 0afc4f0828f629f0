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

/** The lists that confirmed memberships name: what the sidebar shows, and what is followed without being asked. */
export function memberLists(replica: Replica): Set<ScopeId> {
  const own = ownScope(replica);
  const ids = own ? replica.confirmed.ofType(own, 'membership').keys() : [];
  return new Set([...ids].map((id) => scopeOf('list', id)));
}
