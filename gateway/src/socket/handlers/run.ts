import type { InternalCommandArgs } from '@muster/domain/internal-registry';
import { MusterError } from '@muster/protocol/error';
import { runStatusAnswer, type RunStatusAnswer } from '@muster/protocol/run';
import * as z from 'zod/mini';
import { defineHandler } from '../define-handler.ts';
import type { Session, SocketServices } from '../session.ts';
import { refuseWhileFull } from '../slow-readers.ts';

export const runWatch = defineHandler('run:watch', async ({ session, data, answer }) => {
  refuseWhileFull(session);
  await session.member.runs.watch(data.runId, data.after, answer);
});

export const runUnwatch = defineHandler('run:unwatch', ({ session, data, answer }) => {
  session.member.runs.unwatch(data.runId);
  answer({});
});

/** A row, not a disconnect; the poke that follows may be lost. */
export const runStop = defineHandler('run:stop', async ({ session, services, data, answer }) => {
  answer(await submit(session, services, 'run.stop', { runId: data.runId }));
});

export const runDecide = defineHandler('run:decide', async ({ session, services, data, answer }) => {
  answer(await submit(session, services, 'run.decide', data));
});

/** @throws {MusterError} the rejection */
async function submit<N extends 'run.stop' | 'run.decide'>(
  { identity }: Session,
  { commit, limits, sendHints }: SocketServices,
  name: N,
  args: InternalCommandArgs<N>,
): Promise<RunStatusAnswer> {
  await limits.take('user', identity.userId);
  const outcome = await commit({
    actor: { id: identity.userId, kind: identity.kind },
    commands: [{ name, args }],
    trusted: true,
  });
  if (outcome.status === 'rejected') throw outcome.error;
  if (outcome.status !== 'applied')
    throw new MusterError('internal', `A run's command was answered ${outcome.status}.`);
  sendHints(outcome.hints);
  return z.parse(runStatusAnswer, outcome.results[0]);
}
