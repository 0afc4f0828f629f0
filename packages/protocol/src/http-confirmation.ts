import * as z from 'zod/mini';
import { millis } from './list.ts';

/** Whether one's e-mail address is known to be one's own. */
export const confirmation = z.object({
  email: z.string(),
  isConfirmed: z.boolean(),
  /** Whether invitations to the address wait for that on this server. */
  isNeeded: z.boolean(),
  /** What became of the newest mail that asks; `off`: this server sends none. */
  mail: z.enum(['off', 'none', 'waiting', 'sent', 'failed']),
  /** When it was asked for. */
  askedAt: z.nullable(millis),
});
export type Confirmation = z.infer<typeof confirmation>;
