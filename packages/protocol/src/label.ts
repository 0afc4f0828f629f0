import * as z from 'zod/mini';
import { id } from './id.ts';
import { LIMITS } from './limits.ts';

/** Names of hues, not colours: each theme shows its own. */
export const LABEL_COLORS = ['gray', 'red', 'orange', 'amber', 'green', 'teal', 'blue', 'violet', 'pink'] as const;
export const labelColor = z.enum(LABEL_COLORS);
export type LabelColor = z.infer<typeof labelColor>;
export const labelName = z.string().check(z.trim(), z.minLength(1), z.maxLength(LIMITS.labelNameLength));

export const label = z.object({ name: z.string(), color: labelColor });
export type Label = z.infer<typeof label>;

export const labelCreateArgs = z.strictObject({ id, listId: id, name: labelName, color: z.optional(labelColor) });
export const labelUpdateArgs = z.strictObject({
  id,
  fields: z.strictObject({ name: z.optional(labelName), color: z.optional(labelColor) }),
});
export const labelDeleteArgs = z.strictObject({ id });
