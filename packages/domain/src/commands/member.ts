import type { CommandArgs } from '@muster/protocol/commands';
import type { Stored } from '@muster/protocol/entity';
import { scopeOf, type ScopeId } from '@muster/protocol/id';
import { LIMITS } from '@muster/protocol/limits';
import type { Role } from '@muster/protocol/principal';
import { reject, type Command, type ScopedEffect } from '../command.ts';
import { requireRole } from '../permissions.ts';
import type { State } from '../state.ts';
import { putMembership } from './membership.ts';

/** How long an invitation to an address without an account waits. */
export const INVITATION_TTL_MS = 14 * 24 * 3_600_000;

/** The effects that make someone a member: in the list, and in their own sidebar. */
export function join(state: State, listId: string, userId: string, role: Role): ScopedEffect[] {
  const scope = scopeOf('list', listId);
  if (state.all(scope, 'member').length >= LIMITS.membersInList)
    reject('limit_reached', 'This list has too many members.');
  return [
    { scope, effect: { op: 'put', type: 'member', id: userId, value: { role } } },
    putMembership(state, userId, listId, role),
  ];
}

/** The effects of another role, in both places that tell it. */
export const changeRole = (listId: string, userId: string, role: Role): ScopedEffect[] => [
  { scope: scopeOf('list', listId), effect: { op: 'patch', type: 'member', id: userId, fields: { role } } },
  { scope: scopeOf('user', userId), effect: { op: 'patch', type: 'membership', id: listId, fields: { role } } },
];

function requireAnotherOwner(state: State, scope: ScopeId, member: Stored<'member'>): void {
  if (member.value.role !== 'owner') return;
  const owners = state.all(scope, 'member').filter(({ value }) => value.role === 'owner');
  if (owners.length <= 1) reject('conflict', 'The last owner stays. Make someone else an owner first.');
}

const touches = ({ listId, userId }: { listId: string; userId: string }) => [
  { touch: 'scope' as const, scope: scopeOf('list', listId) },
  { touch: 'scope' as const, scope: scopeOf('user', userId) },
];
const reads = ({ listId }: { listId: string }) => [
  { need: 'all' as const, scope: scopeOf('list', listId), type: 'member' as const },
];

/**
 * An address without an account is answered in the same way, so that a stranger to the list learns nothing. Either is an
 * invitation, which a mail tells of; with an account it is taken up at once.
 */
export const memberInvite: Command<CommandArgs<'member.invite'>> = {
  name: 'member.invite',
  optimistic: false,
  isMembership: true,
  touches: ({ listId, email }) => [
    { touch: 'scope', scope: scopeOf('list', listId) },
    { touch: 'account', email },
  ],
  reads: ({ listId, email }) => [...reads({ listId }), { need: 'account', email, listId }],
  decide(state, { listId, email, role }, context) {
    const scope = scopeOf('list', listId);
    requireRole(state, scope, 'owner');
    const { now, subject: invitedBy } = context;
    const userId = state.account(email);
    // Someone who is in already keeps their role: it is changed where it can be seen, not by an invitation.
    if (userId !== undefined && state.get('member', userId, scope)) return { effects: [] };
    const effects = userId === undefined ? [] : join(state, listId, userId, role);
    const [id, expiresAt] = [context.newId(), now + INVITATION_TTL_MS];
    const taken = userId === undefined ? {} : { takenAt: now };
    return {
      effects,
      acl: [{ write: 'invite', acl: scope, id, email, role, invitedBy, expiresAt, ...taken }],
      hints: [{ hint: 'mail', email, listId }],
    };
  },
};

export const memberSetRole: Command<CommandArgs<'member.setRole'>> = {
  name: 'member.setRole',
  optimistic: true,
  isMembership: true,
  touches,
  reads,
  decide(state, { listId, userId, role }) {
    const scope = scopeOf('list', listId);
    requireRole(state, scope, 'owner');
    const member = state.get('member', userId, scope);
    if (!member) reject('not_found', 'This person is not a member of the list.');
    if (member.value.role === role) return { effects: [] };
    requireAnotherOwner(state, scope, member);
    return { effects: changeRole(listId, userId, role), acl: [{ write: 'bump', acl: scope }] };
  },
};

/** Oneself: leave, whatever one's role. */
export const memberRemove: Command<CommandArgs<'member.remove'>> = {
  name: 'member.remove',
  optimistic: true,
  isMembership: true,
  touches,
  reads,
  decide(state, { listId, userId }, { subject }) {
    const scope = scopeOf('list', listId);
    requireRole(state, scope, userId === subject ? 'viewer' : 'owner');
    const member = state.get('member', userId, scope);
    if (!member) reject('not_found', 'This person is not a member of the list.');
    requireAnotherOwner(state, scope, member);
    return {
      effects: [
        { scope, effect: { op: 'del', type: 'member', id: userId } },
        { scope: scopeOf('user', userId), effect: { op: 'del', type: 'membership', id: listId } },
      ],
      acl: [
        { write: 'bump', acl: scope },
        ...(userId === subject ? [] : [{ write: 'revokeWaysBack' as const, acl: scope, principal: userId }]),
      ],
    };
  },
};
