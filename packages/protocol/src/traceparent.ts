import * as z from 'zod/mini';

/** W3C's `traceparent`: `00-<trace>-<span>-<flags>` (https://www.w3.org/TR/trace-context/#traceparent-header). */
export const traceparent = z.string().check(z.regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/));
