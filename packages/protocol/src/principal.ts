import * as z from 'zod/mini';
import { id } from './id.ts';

export const PRINCIPAL_KINDS = ['person', 'guest', 'visitor', 'agent', 'service', 'erased'] as const;
export const principalKind = z.enum(PRINCIPAL_KINDS);
export type PrincipalKind = z.infer<typeof principalKind>;

/** The one principal that stands for the agent in changes, faces and `createdBy`. It holds no rights of its own. */
export const AGENT_ID = '00000000-0000-4000-8000-00000000a6e7';

export const ROLES = ['viewer', 'editor', 'owner'] as const;
export const role = z.enum(ROLES);
export type Role = z.infer<typeof role>;

/** What others may see of a principal. Not in the log: a new name is not a change in every list. */
export const profile = z.object({ name: z.string(), image: z.nullable(z.string()), kind: principalKind });
export type Profile = z.infer<typeof profile>;
export const profiles = z.record(id, profile);
export type Profiles = Record<string, Profile>;

/** Who made a change: the agent acts `for` the person who asked it. */
export const actor = z.object({ id, kind: principalKind, for: z.optional(id) });
export type ChangeActor = z.infer<typeof actor>;
