import * as z from 'zod/mini';

/** A fault in a page that nobody caught, as the browser tells of it. */
export const pageError = z.strictObject({
  type: z.string().check(z.maxLength(100)),
  message: z.string().check(z.maxLength(1_000)),
  stack: z.string().check(z.maxLength(10_000)),
});
export type PageError = z.infer<typeof pageError>;

/** Beside the API, and there only where errors are reported: it is between a page and its own server. */
export const PAGE_ERRORS_PATH = '/api/page-errors';
