import { problem, API_PREFIX } from '@muster/protocol/http';
import * as conflicts from '@muster/protocol/http-conflicts';
import * as history from '@muster/protocol/http-history';
import * as lists from '@muster/protocol/http-lists';
import * as tasks from '@muster/protocol/http-tasks';
import * as threads from '@muster/protocol/http-threads';
import * as tokens from '@muster/protocol/http-tokens';
import { due } from '@muster/protocol/due';
import { scopeId } from '@muster/protocol/id';
import { item, runError } from '@muster/protocol/run';
import type { ErrorCode } from '@muster/protocol/error';
import { STATUS_OF_CODE } from '@muster/protocol/http';
import * as z from 'zod/mini';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { statusOf, type Route } from './define-route.ts';

const COMPONENTS = {
  Problem: problem,
  Due: due,
  List: lists.listDetail,
  ListSummary: lists.listResource,
  Label: lists.labelResource,
  Member: lists.memberResource,
  Invitation: lists.invitationResource,
  InviteLink: lists.linkResource,
  Task: tasks.taskResource,
  PastChange: history.pastChange,
  Conflict: conflicts.conflict,
  Thread: threads.threadResource,
  Message: threads.messageResource,
  Run: threads.runResource,
  RunItem: item,
  RunError: runError,
  ApiToken: tokens.tokenResource,
} as const;

/** A pattern that the schema checks by code. */
const SCOPE_ID = {
  id: 'ScopeId',
  override: {
    type: 'string',
    description: 'A scope, such as `list:` and its id.',
    pattern: '^(list|thread|user|meeting):',
  },
} as never;

type Schema = z.core.$ZodType;
/** The library's types name zod's classic classes; it reads what both have in common. */
const asClassic = (schema: Schema): never => schema as never;

const idempotencyHeader = z.object({
  'Idempotency-Key': z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
});
const streamHeaders = z.extend(idempotencyHeader, { 'Last-Event-ID': z.optional(z.string()) });

/** The OpenAPI 3.1 document of these routes, made from the schemas that parse their requests. */
export function createOpenApi(routes: readonly Route[], serverUrl: string): Record<string, unknown> {
  for (const [name, schema] of Object.entries(COMPONENTS)) {
    // zod keeps one registry a process; a second gateway in it (in tests) finds its names already there.
    if (!z.globalRegistry.has(schema)) z.globalRegistry.add(schema, { id: name });
  }
  if (!z.globalRegistry.has(scopeId)) z.globalRegistry.add(scopeId, SCOPE_ID);
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    const path = (paths[route.path] ??= {}) as Record<string, ZodOpenApiOperationObject>;
    path[route.method.toLowerCase()] = operationOf(route);
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Muster',
      version: '1.0.0',
      description:
        'Live task lists that a team and its AI agent work on together. Everything that is done here shows up at once in every open page. Times are milliseconds since 1970 (UTC). Collections come in pages: pass `next` as `cursor`.',
    },
    servers: [{ url: serverUrl + API_PREFIX }],
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    security: [{ bearer: [] }, { session: [] }],
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A personal API token, a session token or a JWT.' },
        session: { type: 'apiKey', in: 'cookie', name: 'muster.session_token', description: 'The session cookie.' },
      },
    },
    paths,
  }) as unknown as Record<string, unknown>;
}

function operationOf(route: Route): ZodOpenApiOperationObject {
  const { method, path, tag, summary, description, params, query, body, answer } = route;
  const header = route.isStream ? streamHeaders : idempotencyHeader;
  return {
    operationId: operationIdOf(method, path),
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(route.isPublic ? { security: [] } : {}),
    requestParams: {
      ...(params ? { path: asClassic(params) } : {}),
      ...(query ? { query: asClassic(query) } : {}),
      ...(method === 'POST' ? { header: asClassic(header) } : {}),
    },
    ...(body ? { requestBody: { required: true, content: { 'application/json': { schema: asClassic(body) } } } } : {}),
    responses: {
      [String(statusOf(route)) as '200']: {
        description:
          answer === undefined
            ? 'Done.'
            : method === 'POST' && statusOf(route) === 201
              ? 'What it made.'
              : 'What was asked for.',
        ...(answer === undefined
          ? {}
          : {
              content: {
                'application/json': { schema: asClassic(answer) },
                ...(route.isStream ? { 'text/event-stream': { schema: { type: 'string' as const } } } : {}),
              },
            }),
      },
      ...problemsOf(route),
    },
  };
}

/** What each route may be answered beside its own answer, by what it takes. */
function problemsOf({ method, params, query, body, isPublic }: Route): Record<`4${number}`, object> {
  const codes: ErrorCode[] = [
    ...(params || query || body ? (['invalid'] as const) : []),
    ...(isPublic ? [] : (['unauthenticated'] as const)),
    ...(method === 'GET' ? [] : (['forbidden'] as const)),
    ...(params || isPublic ? (['not_found'] as const) : []),
    ...(method === 'GET' ? [] : (['conflict'] as const)),
    ...(body ? (['too_large'] as const) : []),
    'rate_limited',
  ];
  return Object.fromEntries(
    codes.map((code) => [
      String(STATUS_OF_CODE[code]),
      { description: `\`${code}\``, content: { 'application/problem+json': { schema: asClassic(problem) } } },
    ]),
  ) as Record<`4${number}`, object>;
}

/** `GET /lists/{id}/tasks` → `getListsIdTasks`. */
const operationIdOf = (method: string, path: string): string =>
  method.toLowerCase() +
  path
    .split('/')
    .filter((part) => part !== '')
    .map((part) => part.replaceAll(/[{}]/g, ''))
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
