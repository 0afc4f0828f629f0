import * as z from 'zod/mini';

/**
 * An id of an entity, principal, run or client: a UUID in lower case. Entities get UUIDv7 from whoever makes them, so
 * that work can go on offline; ids compare as bytes, which is why only one spelling may exist.
 */
export const id = z.string().check(z.trim(), z.toLowerCase(), z.uuid());
export type Id = z.infer<typeof id>;

/** Kinds of scope: the unit of order (see docs/protocol.md). */
export const SCOPE_KINDS = ['list', 'thread', 'user', 'meeting'] as const;
export type ScopeKind = (typeof SCOPE_KINDS)[number];

/** `list:<uuid>`, `thread:<uuid>`, `user:<uuid>`: built by {@link scopeOf}, read by {@link parseScope}. */
export type ScopeId = `${ScopeKind}:${string}`;

const SCOPE_PATTERN = /^(list|thread|user|meeting):[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const scopeId = z.custom<ScopeId>((value) => typeof value === 'string' && SCOPE_PATTERN.test(value), {
  error: 'must be a scope such as list:<uuid>',
});

export const scopeOf = (kind: ScopeKind, of: string): ScopeId => `${kind}:${of}`;

/** Splits a scope into its kind and the id behind the colon. */
export function parseScope(scope: ScopeId): { kind: ScopeKind; id: string } {
  const at = scope.indexOf(':');
  return { kind: scope.slice(0, at) as ScopeKind, id: scope.slice(at + 1) };
}

/** The item id of a run: `<runId>:<n>`, known to clients before the server stores it. */
export const runItemId = (runId: string, n: number): string => `${runId}:${n}`;
export const runItemIdSchema = z.string().check(z.regex(/^[0-9a-f-]{36}:\d{1,6}$/));

export const seq = z.int().check(z.minimum(0));
