import type { ScopeId } from '@muster/protocol/id';
import { ROLES, type Role } from '@muster/protocol/principal';
import { reject } from './command.ts';
import type { State } from './state.ts';

const rank = (role: Role): number => ROLES.indexOf(role);

/** Whether `role` is at least `needed`; no role is below all. */
export const isAtLeast = (role: Role | undefined, needed: Role): boolean =>
  role !== undefined && rank(role) >= rank(needed);

/** The higher of two roles. */
export const higher = (a: Role | undefined, b: Role | undefined): Role | undefined =>
  a === undefined || (b !== undefined && rank(b) > rank(a)) ? b : a;

/**
 * The one answer for what is absent and for what is not visible: other words would tell a stranger which ids exist.
 * @throws {MusterError} `not_found`
 */
export function rejectAsUnseen(): never {
  reject('not_found', 'There is nothing here that you can see.');
}

/**
 * Authorise first: what is absent and what is not visible get the same answer.
 * @throws {MusterError} `not_found` without any role or where the scope is gone, `forbidden` with too low a role
 */
export function requireRole(state: State, scope: ScopeId, needed: Role): Role {
  const role = state.scopeState(scope) === 'live' ? state.role(scope) : undefined;
  if (role === undefined) rejectAsUnseen();
  if (!isAtLeast(role, needed)) {
    reject(
      'forbidden',
      needed === 'owner' ? 'Only an owner can do this.' : 'You can view this list, but not change it.',
    );
  }
  return role;
}
