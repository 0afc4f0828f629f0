import { runDecision, runResource } from '@muster/protocol/http-threads';
import { id } from '@muster/protocol/id';
import { isEnded, runStatusAnswer, type RunWatchAnswer } from '@muster/protocol/run';
import * as z from 'zod/mini';
import type { Identity } from '../../auth/identity-types.ts';
import type { ApiContext } from '../api-context.ts';
import { defineRoute } from '../define-route.ts';
import { orNotFound } from '../found.ts';
import { internalCommand } from '../submit.ts';

const params = z.object({ id });
const tag = 'Runs';
const ignore = () => undefined;

export const runRoutes = ({ threads, submit, bus, logger }: ApiContext) => {
  /** What the stream holds beyond the stored items; nothing where it cannot be read now. */
  const look = async ({ userId, sessionId }: Identity, runId: string): Promise<RunWatchAnswer | undefined> => {
    try {
      const watcher = { userId, sessionId, onChunk: ignore, onItem: ignore, onStatus: ignore, onGone: ignore };
      const watch = await bus.watchRun(watcher, runId);
      watch.close();
      return watch.answer;
    } catch (err) {
      logger.debug({ err, runId }, 'a run was shown without its stream');
      return undefined;
    }
  };

  return [
    defineRoute({
      method: 'GET',
      path: '/runs/{id}',
      tag,
      summary: 'One run of the agent',
      description: 'What it did so far, and the text being written.',
      params,
      answer: runResource,
      handle: async ({ identity, params }) => {
        const run = orNotFound(await threads.findRun(identity.userId, params.id));
        const live = isEnded(run.status) ? undefined : await look(identity, params.id);
        if (live === undefined) return { ...run, current: null };
        const { status, attempt, items, current } = live;
        return { ...run, status, attempt, items, current };
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/runs/{id}/stop',
      tag,
      summary: 'Stop a run',
      description: 'What it wrote so far stays. A run that has ended stays as it is.',
      status: 200,
      params,
      answer: runStatusAnswer,
      handle: async (request) => {
        const [result] = await submit(request, [internalCommand('run.stop', { runId: request.params.id })], {
          isTrusted: true,
        });
        const { status } = result as z.infer<typeof runStatusAnswer>;
        return { status };
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/runs/{id}/decide',
      tag,
      summary: 'Answer what the agent asks',
      description:
        'For those who may edit. A run that is `awaiting_approval` has an item of kind `approval` for each call that waits; its `callId` names it. The first decision counts. `remember`: this tool need not ask again in this conversation.',
      status: 200,
      params,
      body: runDecision,
      answer: runStatusAnswer,
      handle: async (request) => {
        const { params, body } = request;
        const [result] = await submit(request, [internalCommand('run.decide', { runId: params.id, ...body })], {
          isTrusted: true,
        });
        const { status } = result as z.infer<typeof runStatusAnswer>;
        return { status };
      },
    }),
  ];
};
