import { MusterError } from '@muster/protocol/error';
import { pageOf } from '@muster/protocol/http';
import { tokenMade, tokenPost, tokenResource, type TokenResource } from '@muster/protocol/http-tokens';
import { id } from '@muster/protocol/id';
import * as z from 'zod/mini';
import { API_TOKEN_PREFIX } from '../../auth/identity.ts';
import { hashSecret, newSecret } from '../../auth/secrets.ts';
import type { ApiContext } from '../api-context.ts';
import { defineRoute } from '../define-route.ts';
import { idFor, keyReused } from '../submit.ts';

const params = z.object({ id });
const tag = 'API tokens';
const MOST_TOKENS = 50;

/** What a repeated request finds: the secret is told once more, to the one request that made it. */
interface Made {
  token: TokenResource;
  sealed: string;
}

export const tokenRoutes = ({ tokens, secrets, bus }: ApiContext) => [
  defineRoute({
    method: 'GET',
    path: '/tokens',
    tag,
    summary: 'Your personal API tokens',
    answer: pageOf(tokenResource),
    handle: async ({ identity }) => ({ items: await tokens.listOf(identity.userId) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/tokens',
    tag,
    summary: 'Make a personal API token',
    description: 'It may do all that you may, as `Authorization: Bearer <token>`. The token itself is told only now.',
    body: tokenPost,
    answer: tokenMade,
    handle: async (request) => {
      const { userId } = request.identity;
      const { name, expiresAt = null } = request.body;
      if (expiresAt !== null && expiresAt <= Date.now()) {
        const message = 'must lie in the future';
        throw new MusterError('invalid', `expiresAt: ${message}`, { faults: [{ path: 'expiresAt', message }] });
      }
      const tokenId = idFor(request, undefined);
      const token = API_TOKEN_PREFIX + newSecret();
      const { idempotency } = request;
      const outcome = await tokens.create(
        {
          id: tokenId,
          principalId: userId,
          name,
          secretHash: hashSecret(token),
          expiresAt,
          idempotency: idempotency && { ...idempotency, result: { sealed: secrets.seal(token, tokenId) } },
        },
        MOST_TOKENS,
      );
      if (outcome === undefined)
        throw new MusterError('limit_reached', `You may have ${MOST_TOKENS} tokens. Delete one first.`);
      if ('made' in outcome) return { ...outcome.made, token };
      if (outcome.earlier.bodyHash !== idempotency?.bodyHash) throw keyReused();
      const earlier = outcome.earlier.result as Pick<Made, 'sealed'>;
      const again = (await tokens.listOf(userId)).find((made) => made.id === tokenId);
      const opened = secrets.open(earlier.sealed, tokenId);
      if (again === undefined || opened === undefined) throw new MusterError('not_found', 'This token was deleted.');
      return { ...again, token: opened };
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/tokens/{id}',
    tag,
    summary: 'Delete a personal API token',
    description: 'Its connections end at once.',
    params,
    handle: async ({ identity, params }) => {
      if (!(await tokens.revoke(identity.userId, params.id)))
        throw new MusterError('not_found', 'There is no such token of yours.');
      bus.closeSession(params.id);
    },
  }),
];
