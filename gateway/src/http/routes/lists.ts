import { pageOf, pageQuery } from '@muster/protocol/http';
import { listDetail, listPatch, listPost, listResource } from '@muster/protocol/http-lists';
import { id } from '@muster/protocol/id';
import * as z from 'zod/mini';
import type { ApiContext } from '../api-context.ts';
import { readCursor, rowsFor, toPage } from '../cursor.ts';
import { defineRoute } from '../define-route.ts';
import { orNotFound } from '../found.ts';
import { command, idFor } from '../submit.ts';

const params = z.object({ id });
const tag = 'Lists';

export const listRoutes = ({ lists, submit }: ApiContext) => [
  defineRoute({
    method: 'GET',
    path: '/lists',
    tag,
    summary: 'Your lists',
    description: 'In the order of your sidebar, archived ones too.',
    query: pageQuery,
    answer: pageOf(listResource),
    handle: async ({ identity, query }) => {
      const after = readCursor(query, { pos: 'string', id: 'string' });
      const rows = await lists.listOf(identity.userId, { after, limit: rowsFor(query) });
      return toPage(
        rows,
        query,
        ({ pos, id }) => ({ pos, id }),
        ({ pos: _, ...list }) => list,
      );
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/lists',
    tag,
    summary: 'Make a list',
    body: listPost,
    answer: listDetail,
    handle: async (request) => {
      const listId = idFor(request, request.body.id);
      await submit(request, [command('list.create', { id: listId, title: request.body.title })]);
      return orNotFound(await lists.find(request.identity.userId, listId));
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/lists/{id}',
    tag,
    summary: 'One list, with its labels',
    params,
    answer: listDetail,
    handle: async ({ identity, params }) => orNotFound(await lists.find(identity.userId, params.id)),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/lists/{id}',
    tag,
    summary: 'Rename or archive a list',
    description: 'Editors rename; owners archive.',
    params,
    body: listPatch,
    answer: listDetail,
    handle: async (request) => {
      const { title, archived } = request.body;
      const listId = request.params.id;
      const commands = [
        ...(title === undefined ? [] : [command('list.rename', { id: listId, title })]),
        ...(archived === undefined ? [] : [command('list.archive', { id: listId, archived })]),
      ];
      if (commands.length > 0) await submit(request, commands);
      return orNotFound(await lists.find(request.identity.userId, listId));
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/lists/{id}',
    tag,
    summary: 'Delete a list',
    description: 'For owners: for all its members, with all that is in it.',
    params,
    handle: async (request) => {
      await submit(request, [command('list.delete', { id: request.params.id })]);
    },
  }),
];
