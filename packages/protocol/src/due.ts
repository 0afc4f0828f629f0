import * as z from 'zod/mini';

const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

export const date = z.string().check(
  z.regex(DATE, { error: 'must be a date such as 2026-03-09' }),
  z.refine(
    (value) => {
      const parsed = new Date(`${value}T00:00:00Z`);
      return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(value);
    },
    { error: 'must be a day that exists' },
  ),
  // Postgres counts without it: one such day would break whatever it is sorted with.
  z.refine((value) => !value.startsWith('0000'), { error: 'must be a day after the year 0000' }),
);
export const time = z.string().check(z.regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'must be a time such as 17:00' }));

/** An IANA time zone that this runtime knows, such as `Europe/Berlin`. */
export const zone = z.string().check(
  z.minLength(1),
  z.maxLength(64),
  z.refine(
    (value) => {
      try {
        return Boolean(new Intl.DateTimeFormat('en', { timeZone: value }));
      } catch {
        return false;
      }
    },
    { error: 'must be a time zone such as Europe/Berlin' },
  ),
);

/**
 * When a task is due: `{date}` is a day, wherever the reader is; with `time` and `zone` an instant; with `time` alone
 * floating.
 */
export const due = z.strictObject({ date, time: z.exactOptional(time), zone: z.exactOptional(zone) }).check(
  z.refine((value) => value.zone === undefined || value.time !== undefined, {
    error: 'a zone needs a time',
    path: ['time'],
  }),
);
export type Due = z.infer<typeof due>;
