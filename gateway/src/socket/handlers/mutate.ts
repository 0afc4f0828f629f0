import type { CommitOutcome } from '@muster/db/commit/types';
import type { Mutate, MutateAnswer } from '@muster/protocol/client-events';
import { MusterError } from '@muster/protocol/error';
import { defineHandler } from '../define-handler.ts';
import type { Session, SocketServices } from '../session.ts';

/**
 * An intent goes to commit, which parses its arguments: a mutation with a usable mid and name takes its mid, whatever
 * comes of it. What is thrown here leaves the mid free.
 */
export const mutate = defineHandler('mutate', async ({ session, services, data, answer }) => {
  const outcome = await submit(session, services, data);
  if (outcome.status === 'applied') services.sendHints(outcome.hints);
  answer(answerOf(outcome));
});

/** In the order in which the frames came: the limits are asked one after another, and commit is not waited for. */
function submit(
  session: Session,
  { commit, limits }: SocketServices,
  { mid, nonce, name, args, base, ifStill }: Mutate,
): Promise<CommitOutcome> {
  const { identity, clientId } = session;
  const allowed = session.line.then(async () => {
    await limits.take('user', identity.userId);
    if (name === 'member.invite') await limits.take('invites', identity.userId);
  });
  session.line = allowed.catch(() => undefined);
  return allowed.then(() =>
    commit({
      actor: { id: identity.userId, kind: identity.kind },
      commands: [{ name, args, ...(base === undefined ? {} : { base }), ...(ifStill ? { ifStill } : {}) }],
      client: { clientId, mid, nonce },
    }),
  );
}

/** @throws {MusterError} `cloned` */
function answerOf(outcome: CommitOutcome): MutateAnswer {
  switch (outcome.status) {
    case 'applied':
      return { status: 'applied', seqs: outcome.seqs };
    case 'rejected': {
      const { code, message, details } = outcome.error;
      return { status: 'rejected', code, message, ...(details === undefined ? {} : { details }) };
    }
    case 'duplicate':
      return { status: 'duplicate', first: outcome.first };
    case 'out_of_order':
      return { status: 'out_of_order', expected: outcome.expected };
    case 'cloned':
      throw new MusterError('cloned', 'Somebody else uses this client id.');
    case 'key_reused':
      throw new Error('a socket has no idempotency keys');
  }
}
