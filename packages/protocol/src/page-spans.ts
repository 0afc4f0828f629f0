import * as z from 'zod/mini';

export const SPAN_NAMES = ['click', 'paint', 'first words'] as const;

/** What a page tells of a click that it traced, once all of it was painted: times, and nothing that anybody wrote. */
export const pageSpan = z.strictObject({
  traceId: z.string().check(z.regex(/^[0-9a-f]{32}$/)),
  spanId: z.string().check(z.regex(/^[0-9a-f]{16}$/)),
  parentId: z.optional(z.string().check(z.regex(/^[0-9a-f]{16}$/))),
  name: z.enum(SPAN_NAMES),
  /** Of the click. */
  command: z.optional(z.string().check(z.maxLength(64))),
  /** Milliseconds since 1970, by the page's clock. */
  startAt: z.number().check(z.minimum(0)),
  endAt: z.number().check(z.minimum(0)),
});
export type PageSpan = z.infer<typeof pageSpan>;

export const pageSpans = z.strictObject({ spans: z.array(pageSpan).check(z.minLength(1), z.maxLength(20)) });

/** Beside the API, and there only where a collector is set: it is between a page and its own server. */
export const PAGE_SPANS_PATH = '/api/page-spans';
