import { Validator } from '@seriousme/openapi-schema-validator';
import { beforeAll, describe, expect, test } from 'vitest';
import { createApiRoutes } from './api-routes.ts';
import type { Route } from './define-route.ts';
import { renderDocsPage } from './docs-page.ts';
import { createOpenApi } from './openapi.ts';

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}
interface Operation {
  operationId: string;
  parameters?: { in: string; name: string; required?: boolean }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
  security?: object[];
}

let routes: Route[];
let document: Document;
beforeAll(() => {
  routes = createApiRoutes({ settings: {} } as never);
  document = createOpenApi(routes, 'https://muster.example') as unknown as Document;
});

describe('the OpenAPI document', () => {
  test('is valid 3.1', async () => {
    expect(document.openapi).toBe('3.1.0');
    const { valid, errors } = await new Validator().validate(structuredClone(document) as never);
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  });

  test('holds every route, each with a name of its own, and no other', () => {
    const written = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(written.sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort());
    const names = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  test('names every parameter of a path', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const { parameters = [] } of Object.values(methods)) {
        expect(parameters.filter((one) => one.in === 'path' && one.required).map(({ name }) => name)).toEqual(inPath);
      }
    }
  });

  test('shares its shapes, and tells problems, keys and the stream', () => {
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['Task', 'List', 'Problem', 'Run', 'Due', 'ScopeId']),
    );
    const post = document.paths['/threads/{id}/messages']?.['post'];
    expect(Object.keys(post?.responses['201']?.content ?? {})).toEqual(['application/json', 'text/event-stream']);
    expect(post?.parameters?.map(({ name }) => name)).toEqual(['id', 'Idempotency-Key', 'Last-Event-ID']);
    expect(post?.responses['404']?.content?.['application/problem+json']?.schema).toEqual({
      $ref: '#/components/schemas/Problem',
    });
    expect(document.paths['/tasks/{id}']?.['get']?.responses['200']?.content?.['application/json']?.schema).toEqual({
      $ref: '#/components/schemas/Task',
    });
    expect(document.paths['/links/preview']?.['post']?.security).toEqual([]);
  });
});

test('the readable page has a place for every route and shape, and every link on it leads somewhere', () => {
  const { html } = renderDocsPage(document as never);
  const ids = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
  const targets = [...html.matchAll(/href="#([^"]+)"/g)].map(([, target]) => target);
  expect(targets.filter((target) => !ids.has(target))).toEqual([]);
  expect(html.match(/<article id="(get|post|patch|delete)-/g)).toHaveLength(routes.length);
});
