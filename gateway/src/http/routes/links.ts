import { pageOf } from '@muster/protocol/http';
import {
  linkAccept,
  linkAccepted,
  linkPost,
  linkPreview,
  linkPreviewed,
  linkResource,
  type LinkResource,
} from '@muster/protocol/http-lists';
import { id } from '@muster/protocol/id';
import { MusterError } from '@muster/protocol/error';
import type { StoredLink } from '@muster/db/repositories/member.repository';
import * as z from 'zod/mini';
import type { ApiContext } from '../api-context.ts';
import { ownOrigin, type Context } from '../context.ts';
import { defineRoute } from '../define-route.ts';
import { forOwner, orNotFound } from '../found.ts';
import { idFor, internalCommand } from '../submit.ts';
import { hashSecret, newSecret } from '../../auth/secrets.ts';

const ofList = z.object({ id });
const ofLink = z.object({ id, linkId: id });
const tag = 'Invite links';
const ended = 'This link has ended. Ask for a new one.';

export const linkRoutes = ({ members, lists, submit, secrets, settings }: ApiContext) => {
  /** The secret stands behind `#`, which browsers send to no server: it is in nobody's log. */
  const present = ({ secretSealed, ...link }: StoredLink, origin: string): LinkResource[] => {
    const secret = secrets.open(secretSealed, link.id);
    // Sealed with an earlier secret of the application: it still lets people in, but nobody can copy it again.
    if (secret === undefined) return [];
    return [{ ...link, secret, url: `${origin}/join#${secret}` }];
  };

  const originOf = (ctx: Context) => (settings.publicUrl ?? ownOrigin(ctx)).replace(/\/+$/, '');

  return [
    defineRoute({
      method: 'GET',
      path: '/lists/{id}/links',
      tag,
      summary: 'The invite links of a list',
      description: 'For owners: those that still let someone in, with their secrets.',
      params: ofList,
      answer: pageOf(linkResource),
      handle: async ({ identity, params, ctx }) => {
        const { items } = forOwner(await members.listLinks(identity.userId, params.id));
        return { items: items.flatMap((link) => present(link, originOf(ctx))) };
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/lists/{id}/links',
      tag,
      summary: 'Make an invite link',
      description: 'For owners. Whoever has it becomes a member with its role.',
      params: ofList,
      body: linkPost,
      answer: linkResource,
      handle: async (request) => {
        const { userId } = request.identity;
        const expiresAt = request.body.expiresAt ?? null;
        if (expiresAt !== null && expiresAt <= Date.now()) {
          const message = 'must lie in the future';
          throw new MusterError('invalid', `expiresAt: ${message}`, { faults: [{ path: 'expiresAt', message }] });
        }
        const linkId = idFor(request, undefined);
        const secret = newSecret();
        const args = {
          id: linkId,
          listId: request.params.id,
          role: request.body.role,
          expiresAt,
          secretHash: hashSecret(secret),
          secretSealed: secrets.seal(secret, linkId),
        };
        await submit(request, [internalCommand('link.create', args)], { isTrusted: true });
        const stored = forOwner(await members.listLinks(userId, request.params.id)).items.find(
          (link) => link.id === linkId,
        );
        return orNotFound(present(orNotFound(stored), originOf(request.ctx))[0]);
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/lists/{id}/links/{linkId}',
      tag,
      summary: 'Revoke an invite link',
      params: ofLink,
      handle: async (request) => {
        const { id: listId, linkId } = request.params;
        await submit(request, [internalCommand('link.revoke', { id: linkId, listId })], { isTrusted: true });
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/links/preview',
      tag,
      summary: 'What an invite link leads to',
      description:
        'For everyone who has the secret, signed in or not. A POST, so that the secret stands in no address.',
      isPublic: true,
      isGuessable: true,
      status: 200,
      body: linkPreview,
      answer: linkPreviewed,
      handle: async ({ body, ctx }) => {
        const found = await members.findLink(hashSecret(body.secret), ctx.state.identity?.userId ?? '');
        if (!found) throw new MusterError('not_found', ended);
        const { listId, title, role, ownRole } = found;
        return { listId, title, role, isMember: ownRole !== null };
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/links/accept',
      tag,
      summary: 'Join a list by its invite link',
      description: 'Joins, or raises your role; it never takes anything away.',
      isGuessable: true,
      body: linkAccept,
      answer: linkAccepted,
      handle: async (request) => {
        const { userId } = request.identity;
        const found = await members.findLink(hashSecret(request.body.secret), userId);
        if (!found) throw new MusterError('not_found', ended);
        const { linkId, listId } = found;
        await submit(request, [internalCommand('link.accept', { linkId, listId })], { isTrusted: true });
        const { role } = orNotFound(await lists.find(userId, listId));
        return { listId, role };
      },
    }),
  ];
};
