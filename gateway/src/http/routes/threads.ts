import { pageOf, pageQuery } from '@muster/protocol/http';
import {
  messagePost,
  messageResource,
  messageSent,
  threadPatch,
  threadPost,
  threadResource,
  type MessageResource,
} from '@muster/protocol/http-threads';
import { id } from '@muster/protocol/id';
import { runIdOf } from '@muster/domain/run-ids';
import * as z from 'zod/mini';
import type { Identity } from '../../auth/identity-types.ts';
import type { ApiContext } from '../api-context.ts';
import { readCursor, rowsFor, toPage } from '../cursor.ts';
import { defineRoute, STREAMED } from '../define-route.ts';
import { orNotFound } from '../found.ts';
import { streamRun, wantsStream } from '../run-stream.ts';
import { command, idFor } from '../submit.ts';

const params = z.object({ id });
const threadsQuery = z.extend(pageQuery, { listId: z.optional(id) });
const tag = 'Conversations';

export const threadRoutes = (api: ApiContext) => {
  const { threads, submit } = api;

  const findMessage = async (identity: Identity, threadId: string, messageId: string): Promise<MessageResource> => {
    const found = await threads.listMessages(identity.userId, threadId, { id: messageId, limit: 1 });
    return orNotFound(orNotFound(found).items[0]);
  };

  return [
    defineRoute({
      method: 'GET',
      path: '/threads',
      tag,
      summary: 'Your conversations with the agent',
      description: 'Your own and those of your lists, newest first. `listId`: those of one list.',
      query: threadsQuery,
      answer: pageOf(threadResource),
      handle: async ({ identity, query }) => {
        const before = readCursor(query, { id: 'string' })?.id;
        const rows = await threads.listOf(identity.userId, { listId: query.listId, before, limit: rowsFor(query) });
        return toPage(
          rows,
          query,
          ({ id }) => ({ id }),
          (thread) => thread,
        );
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/threads',
      tag,
      summary: 'Begin a conversation',
      description: 'With `listId` it is shared with the members of that list; without, it is yours alone.',
      body: threadPost,
      answer: threadResource,
      handle: async (request) => {
        const threadId = idFor(request, request.body.id);
        await submit(request, [command('thread.create', { ...request.body, id: threadId })]);
        return orNotFound(await threads.find(request.identity.userId, threadId));
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/threads/{id}',
      tag,
      summary: 'One conversation',
      params,
      answer: threadResource,
      handle: async ({ identity, params }) => orNotFound(await threads.find(identity.userId, params.id)),
    }),
    defineRoute({
      method: 'PATCH',
      path: '/threads/{id}',
      tag,
      summary: 'Rename a conversation',
      params,
      body: threadPatch,
      answer: threadResource,
      handle: async (request) => {
        const threadId = request.params.id;
        await submit(request, [command('thread.rename', { id: threadId, title: request.body.title })]);
        return orNotFound(await threads.find(request.identity.userId, threadId));
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/threads/{id}',
      tag,
      summary: 'Delete a conversation',
      params,
      handle: async (request) => {
        await submit(request, [command('thread.delete', { id: request.params.id })]);
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/threads/{id}/messages',
      tag,
      summary: 'The messages of a conversation',
      description: 'Oldest first.',
      params,
      query: pageQuery,
      answer: pageOf(messageResource),
      handle: async ({ identity, params, query }) => {
        const after = readCursor(query, { at: 'number', id: 'string' });
        const found = await threads.listMessages(identity.userId, params.id, { after, limit: rowsFor(query) });
        return toPage(
          orNotFound(found).items,
          query,
          ({ createdAt, id }) => ({ at: createdAt, id }),
          (message) => message,
        );
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/threads/{id}/messages',
      tag,
      summary: 'Say something to the agent',
      description:
        'Queues a run that answers. With `Accept: text/event-stream` the answer is that run as it streams: events `run:status`, `run:item` and `run:chunk`, whose `id` (`itemId:offset`) says where the reader stands after it. After a lost connection send the same request with the same `Idempotency-Key` and `Last-Event-ID`: it goes on with the same run. Going away does not stop the run, unless `onDisconnect` is `stop`.',
      params,
      body: messagePost,
      answer: messageSent,
      isStream: true,
      handle: async (request) => {
        const { identity, ctx } = request;
        const { id: given, onDisconnect = 'continue', ...body } = request.body;
        const threadId = request.params.id;
        const messageId = idFor(request, given);
        await submit(request, [command('message.send', { ...body, id: messageId, threadId })]);
        const runId = runIdOf(messageId);
        if (wantsStream(ctx)) {
          await streamRun(api, { ctx, identity, threadId, runId, onDisconnect });
          return STREAMED;
        }
        return { message: await findMessage(identity, threadId, messageId), runId };
      },
    }),
  ];
};
