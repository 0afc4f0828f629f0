import { ERASED_NAME } from '@muster/db/care/erase-person';
import { MusterError } from '@muster/protocol/error';
import { erasedAnswer, ERASE_WORDS, meDelete } from '@muster/protocol/http-me';
import { id, scopeOf } from '@muster/protocol/id';
import * as z from 'zod/mini';
import type { ApiContext } from '../api-context.ts';
import { defineRoute } from '../define-route.ts';

export const meRoutes = ({ accounts, passwords, erase, bus, logger }: ApiContext) => [
  defineRoute({
    method: 'DELETE',
    path: '/me',
    tag: 'Account',
    summary: 'Erase yourself, for good',
    description:
      'Your account, your own lists and conversations, and what you said in conversations of others go. Lists that you share go on under another owner (the editor who has been there longest) or, where nobody could take them over, go too; what you wrote into them stays theirs, under no name. ' +
      `Needs a session (no API token), and your password; a guest, who has none, says \`confirm: "${ERASE_WORDS}"\`.`,
    body: meDelete,
    isGuessable: true,
    handle: async ({ identity, body }) => {
      const { userId, sessionId } = identity;
      if ((await accounts.findSession(sessionId)) === undefined) {
        throw new MusterError('forbidden', 'An API token cannot do this: sign in.');
      }
      const isRight = await passwords.verify(userId, body.password ?? '');
      if (isRight === false) throw new MusterError('forbidden', 'This is not your password.');
      if (isRight === undefined && body.confirm === undefined) {
        throw new MusterError('forbidden', `You have no password: confirm with the words "${ERASE_WORDS}".`);
      }
      const { left, deleted } = await erase(userId, (sessionIds) => sessionIds.forEach((id) => bus.closeSession(id)));
      const scopes = left.map((listId) => scopeOf('list', listId));
      bus.announceProfile(userId, { name: ERASED_NAME, image: null, kind: 'erased' }, scopes);
      logger.info({ userId, left: left.length, deleted: deleted.length }, 'a person was erased');
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/erased/{id}',
    tag: 'Account',
    summary: 'Whether somebody was erased',
    description:
      'A device on which somebody’s session ended asks this of their id: what it holds of them is wiped where they were erased, and kept for their return where they were not. Their session is gone, so that anybody may ask; an id that nobody ever had was not erased.',
    params: z.object({ id }),
    answer: erasedAnswer,
    isPublic: true,
    handle: async ({ params }) => ({ isErased: await accounts.isErased(params.id) }),
  }),
];
