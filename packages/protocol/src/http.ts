import * as z from 'zod/mini';
import { errorCode, fault } from './error.ts';

/** What all of `/api/v1` has in common. The nouns stand in `http-<noun>.ts`. */
export const API_PREFIX = '/api/v1';

/** RFC 9457, with our code. `type` is `about:blank#<code>`, `instance` the request's id. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: errorCode,
  instance: z.optional(z.string()),
  retryable: z.boolean(),
  /** Where and why the input is not valid. */
  faults: z.optional(z.array(fault)),
  retryAfterMs: z.optional(z.number()),
  /** Of an `internal` error: it stands in the server's log. */
  errorId: z.optional(z.string()),
});
export type Problem = z.infer<typeof problem>;

/** The status that goes with each code. */
export const STATUS_OF_CODE = {
  unauthenticated: 401,
  not_found: 404,
  forbidden: 403,
  invalid: 400,
  too_large: 413,
  rate_limited: 429,
  limit_reached: 429,
  conflict: 409,
  cloned: 409,
  upgrade_required: 426,
  unavailable: 503,
  internal: 500,
} as const satisfies Record<z.infer<typeof errorCode>, number>;

export const DEFAULT_PAGE_SIZE = 50;
export const LARGEST_PAGE_SIZE = 200;

/** `?cursor=` is what the page before answered as `next`; opaque. */
export const pageQuery = z.object({
  cursor: z.optional(z.string().check(z.maxLength(512))),
  limit: z.optional(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(LARGEST_PAGE_SIZE))),
});
export type PageQuery = z.infer<typeof pageQuery>;

/** A page of a collection; `next` is left out on the last one. */
export const pageOf = <S extends z.core.$ZodType>(items: S) =>
  z.object({ items: z.array(items), next: z.optional(z.string()) });
export interface Page<T> {
  items: T[];
  next?: string;
}

/** Up to 200 visible ASCII characters; a UUID made for the request does. */
export const idempotencyKey = z
  .string()
  .check(z.regex(/^[\x21-\x7e]{1,200}$/, { error: 'must be 1 to 200 visible ASCII characters' }));
