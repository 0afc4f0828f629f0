import * as z from 'zod/mini';
import type { ScopeId } from './id.ts';
import { list, member, type List, type Member } from './list.ts';
import { label, type Label } from './label.ts';
import { run, runItem, type Run, type RunItem } from './run.ts';
import { membership, settings, type Membership, type Settings } from './settings.ts';
import { task, type Task } from './task.ts';
import { message, thread, type Message, type Thread } from './thread.ts';

/** Every lasting thing is an entity of exactly one scope. `value` does not repeat the id. */
export interface EntityTypes {
  list: List;
  member: Member;
  task: Task;
  label: Label;
  thread: Thread;
  message: Message;
  run: Run;
  run_item: RunItem;
  membership: Membership;
  settings: Settings;
}
export type EntityType = keyof EntityTypes;

export const ENTITY_SCHEMAS = {
  list,
  member,
  task,
  label,
  thread,
  message,
  run,
  run_item: runItem,
  membership,
  settings,
} as const satisfies Record<EntityType, z.core.$ZodType>;

/** What a snapshot is made of. Types and fields that a reader does not know are kept verbatim. */
export const entity = z.object({ type: z.string(), id: z.string(), value: z.record(z.string(), z.unknown()) });
export type WireEntity = z.infer<typeof entity>;

/** An entity where it lives. */
export interface Stored<T extends EntityType = EntityType> {
  scope: ScopeId;
  type: T;
  id: string;
  value: EntityTypes[T];
}
