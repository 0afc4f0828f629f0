import { parseScope, scopeOf } from '@muster/protocol/id';
import type { Role } from '@muster/protocol/principal';
import { reject, type Command, type Decision } from '../command.ts';
import { isAtLeast, requireRole } from '../permissions.ts';
import type { Invite, State } from '../state.ts';
import { changeRole, join } from './member.ts';

/** Ways into a list that are in no scope: links and invitations. The gateway finds them by their hash or address. */

export interface LinkCreateArgs {
  id: string;
  listId: string;
  role: Exclude<Role, 'owner'>;
  expiresAt: number | null;
  secretHash: string;
  secretSealed: string;
}

export const linkCreate: Command<LinkCreateArgs> = {
  name: 'link.create',
  optimistic: false,
  isInternal: true,
  touches: ({ listId }) => [{ touch: 'scope', scope: scopeOf('list', listId) }],
  reads: () => [],
  decide(state, { listId, ...link }, { subject }) {
    const acl = scopeOf('list', listId);
    requireRole(state, acl, 'owner');
    return { effects: [], acl: [{ write: 'link', acl, createdBy: subject, ...link }] };
  },
};

export const linkRevoke: Command<{ id: string; listId: string }> = {
  name: 'link.revoke',
  optimistic: false,
  isInternal: true,
  touches: ({ listId }) => [{ touch: 'scope', scope: scopeOf('list', listId) }],
  reads: ({ id }) => [{ need: 'link', id }],
  decide(state, { id, listId }) {
    const acl = scopeOf('list', listId);
    requireRole(state, acl, 'owner');
    if (state.link(id)?.acl !== acl) reject('not_found', 'This link is not there any more.');
    return { effects: [], acl: [{ write: 'revokeLink', linkId: id }] };
  },
};

/** Joins, or raises a member's role; a lower role never takes anything away. */
function enter(state: State, invite: Invite | undefined, listId: string, subject: string, now: number): Decision {
  const scope = scopeOf('list', listId);
  const isOpen = invite && invite.acl === scope && !invite.isUsedUp && (invite.expiresAt ?? Infinity) > now;
  if (!isOpen || state.scopeState(scope) !== 'live')
    reject('not_found', 'This invitation has ended. Ask for a new one.');
  const member = state.get('member', subject, scope);
  const result = { listId: parseScope(scope).id };
  if (!member) return { effects: join(state, listId, subject, invite.role), result };
  if (isAtLeast(member.value.role, invite.role)) return { effects: [], result };
  return { effects: changeRole(listId, subject, invite.role), acl: [{ write: 'bump', acl: scope }], result };
}

const touchesOf = ({ listId }: { listId: string }, { subject }: { subject: string }) => [
  { touch: 'scope' as const, scope: scopeOf('list', listId) },
  { touch: 'scope' as const, scope: scopeOf('user', subject) },
];
const readsOf = ({ listId }: { listId: string }, { subject }: { subject: string }) => [
  { need: 'all' as const, scope: scopeOf('list', listId), type: 'member' as const },
  { need: 'lastMembership' as const, userId: subject },
];

export const linkAccept: Command<{ linkId: string; listId: string }> = {
  name: 'link.accept',
  optimistic: false,
  isInternal: true,
  isMembership: true,
  touches: touchesOf,
  reads: (args, context) => [...readsOf(args, context), { need: 'link', id: args.linkId }],
  decide(state, { linkId, listId }, { subject, now }) {
    const decision = enter(state, state.link(linkId), listId, subject, now);
    return { ...decision, acl: [...(decision.acl ?? []), { write: 'useLink', linkId }] };
  },
};

/** Taken up by the gateway once the address is verified. */
export const invitationTake: Command<{ invitationId: string; listId: string }> = {
  name: 'invitation.take',
  optimistic: false,
  isInternal: true,
  isMembership: true,
  touches: touchesOf,
  reads: (args, context) => [...readsOf(args, context), { need: 'invitation', id: args.invitationId }],
  decide(state, { invitationId, listId }, { subject, now }) {
    const decision = enter(state, state.invitation(invitationId), listId, subject, now);
    return { ...decision, acl: [...(decision.acl ?? []), { write: 'takeInvitation', invitationId }] };
  },
};

export const invitationRevoke: Command<{ invitationId: string; listId: string }> = {
  name: 'invitation.revoke',
  optimistic: false,
  isInternal: true,
  touches: ({ listId }) => [{ touch: 'scope', scope: scopeOf('list', listId) }],
  reads: ({ invitationId }) => [{ need: 'invitation', id: invitationId }],
  decide(state, { invitationId, listId }) {
    const acl = scopeOf('list', listId);
    requireRole(state, acl, 'owner');
    if (state.invitation(invitationId)?.acl !== acl) reject('not_found', 'This invitation is not there any more.');
    return { effects: [], acl: [{ write: 'revokeInvitation', invitationId }] };
  },
};
