import { pageOf, pageQuery } from '@muster/protocol/http';
import {
  invitationResource,
  memberInvited,
  memberPatch,
  memberPost,
  memberResource,
} from '@muster/protocol/http-lists';
import { id } from '@muster/protocol/id';
import * as z from 'zod/mini';
import type { ApiContext } from '../api-context.ts';
import { readCursor, rowsFor, toPage } from '../cursor.ts';
import { defineRoute } from '../define-route.ts';
import { forOwner, orNotFound } from '../found.ts';
import { command, internalCommand } from '../submit.ts';

const ofList = z.object({ id });
const ofMember = z.object({ id, userId: id });
const ofInvitation = z.object({ id, invitationId: id });
const tag = 'Members';

export const memberRoutes = ({ members, submit, limits, settings: { hasMail } }: ApiContext) => [
  defineRoute({
    method: 'GET',
    path: '/lists/{id}/members',
    tag,
    summary: 'Who is in a list',
    description: 'Owners also see e-mail addresses.',
    params: ofList,
    query: pageQuery,
    answer: pageOf(memberResource),
    handle: async ({ identity, params, query }) => {
      const after = readCursor(query, { id: 'string' });
      const found = orNotFound(
        await members.listOf(identity.userId, params.id, { after: after?.id, limit: rowsFor(query) }),
      );
      return toPage(
        found.items,
        query,
        ({ userId }) => ({ id: userId }),
        ({ email, ...member }) => ({
          ...member,
          ...(found.role === 'owner' && email !== undefined ? { email } : {}),
        }),
      );
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/lists/{id}/members',
    tag,
    summary: 'Invite someone by e-mail',
    description:
      'For owners. Whoever has an account is a member at once; for others an invitation waits. Where mail is set up, one tells either. The answer is the same.',
    params: ofList,
    body: memberPost,
    answer: memberInvited,
    handle: async (request) => {
      const { email, role } = request.body;
      await limits.take('invites', request.identity.userId);
      await submit(request, [command('member.invite', { listId: request.params.id, email, role })]);
      return { email, role, isMailed: hasMail };
    },
  }),
  defineRoute({
    method: 'PATCH',
    path: '/lists/{id}/members/{userId}',
    tag,
    summary: "Change a member's role",
    description: 'For owners. The last owner stays one.',
    params: ofMember,
    body: memberPatch,
    answer: memberResource,
    handle: async (request) => {
      const { id: listId, userId } = request.params;
      await submit(request, [command('member.setRole', { listId, userId, role: request.body.role })]);
      const found = orNotFound(await members.listOf(request.identity.userId, listId, { only: userId, limit: 1 }));
      const { email, ...member } = orNotFound(found.items[0]);
      return { ...member, ...(found.role === 'owner' && email !== undefined ? { email } : {}) };
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/lists/{id}/members/{userId}',
    tag,
    summary: 'Remove a member, or leave',
    description: 'Owners remove; everyone may leave. Removing someone revokes the links that they could come back by.',
    params: ofMember,
    handle: async (request) => {
      const { id: listId, userId } = request.params;
      await submit(request, [command('member.remove', { listId, userId })]);
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/lists/{id}/invitations',
    tag,
    summary: 'Invitations that wait',
    description: 'For owners: addresses that have no account yet, and whether the mail to them went.',
    params: ofList,
    answer: pageOf(invitationResource),
    handle: async ({ identity, params }) => {
      const { items } = forOwner(await members.listInvitations(identity.userId, params.id));
      return { items: hasMail ? items : items.map((item) => ({ ...item, mail: 'off' as const })) };
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/lists/{id}/invitations/{invitationId}',
    tag,
    summary: 'Take an invitation back',
    params: ofInvitation,
    handle: async (request) => {
      const { id: listId, invitationId } = request.params;
      await submit(request, [internalCommand('invitation.revoke', { listId, invitationId })], { isTrusted: true });
    },
  }),
];
