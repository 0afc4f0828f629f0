import type * as z from 'zod/mini';
import type { Identity } from '../auth/identity-types.ts';
import type { Context } from './context.ts';

type Schema = z.core.$ZodType;
type Output<S> = S extends Schema ? z.output<S> : undefined;

/** A key that makes a repeated POST the same POST. */
export interface Idempotency {
  key: string;
  bodyHash: string;
}

export interface ApiRequest<P, Q, B> {
  identity: Identity;
  params: P;
  query: Q;
  body: B;
  idempotency: Idempotency | undefined;
  ctx: Context;
}

/** The answer of a handler that writes to the socket by itself. */
export const STREAMED = Symbol('streamed');

/** One route of `/api/v1`: what it takes and gives as schemas, from which parsing, the OpenAPI document and tests follow. */
export interface RouteSpec<
  P extends Schema | undefined,
  Q extends Schema | undefined,
  B extends Schema | undefined,
  A extends Schema | undefined,
> {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/api/v1`, with parameters in braces: `/lists/{id}`. */
  path: string;
  tag: string;
  summary: string;
  description?: string;
  params?: P;
  query?: Q;
  body?: B;
  /** Left out: 204, with no body. */
  answer?: A;
  /** Also answers as a stream of events (`text/event-stream`). */
  isStream?: boolean;
  /** Counts as an attempt to guess something: limited like sign-ins. */
  isGuessable?: boolean;
  /** For those who are not signed in too: then `identity` is not there, `ctx.state.identity` tells. */
  isPublic?: boolean;
  /** Where a POST makes nothing. */
  status?: 200;
  handle(
    request: ApiRequest<Output<P>, Output<Q>, Output<B>>,
  ): Promise<A extends Schema ? z.input<A> | typeof STREAMED : void>;
}

export interface Route {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  tag: string;
  summary: string;
  description?: string;
  params?: Schema;
  query?: Schema;
  body?: Schema;
  answer?: Schema;
  isStream?: boolean;
  isGuessable?: boolean;
  isPublic?: boolean;
  status?: 200;
  handle(request: ApiRequest<never, never, never>): Promise<unknown>;
}

/** Types a handler by its route's schemas. */
export const defineRoute = <
  P extends Schema | undefined = undefined,
  Q extends Schema | undefined = undefined,
  B extends Schema | undefined = undefined,
  A extends Schema | undefined = undefined,
>(
  spec: RouteSpec<P, Q, B, A>,
): Route => spec as unknown as Route;

/** 201 for a POST that makes something, 200 for what is read or changed, 204 where nothing is left to say. */
export const statusOf = (route: Pick<Route, 'method' | 'answer' | 'status'>): 200 | 201 | 204 =>
  route.status ?? (route.answer === undefined ? 204 : route.method === 'POST' ? 201 : 200);
