import { MusterError } from '@muster/protocol/error';

/** What Postgres says is wrong: recognised by its code and the constraint's name, never by its words. */
export interface DatabaseError extends Error {
  code: string;
  constraint?: string;
}

const isDatabaseError = (error: unknown): error is DatabaseError =>
  error instanceof Error && /^[0-9A-Z]{5}$/.test(String((error as { code?: unknown }).code));

const codeOf = (error: unknown): string => (isDatabaseError(error) ? error.code : '');

/** Serialisation failure and deadlock: the same again succeeds. */
export const isRetryable = (error: unknown): boolean => ['40001', '40P01'].includes(codeOf(error));

/** Another process was first with the same key or tool call: looking again finds its result. */
export const isRepeat = (error: unknown): boolean =>
  isDatabaseError(error) && (error.constraint === 'idempotency_pkey' || error.constraint === 'tool_call_pkey');

/**
 * The server or the way to it, not what was asked of it: connections, resources, shutdown, timeouts, a standby, and a
 * database whose place is just being taken by its backup.
 */
const UNAVAILABLE_CLASSES = new Set(['08', '3D', '53', '57', '58', 'XX', 'F0']);
const UNAVAILABLE_CODES = new Set(['25P03', '25006', '55000', '55P03']);

export const isUnavailable = (error: unknown): boolean => {
  const code = codeOf(error);
  return code === '' || UNAVAILABLE_CLASSES.has(code.slice(0, 2)) || UNAVAILABLE_CODES.has(code);
};

const CONFLICTS: Record<string, string> = {
  run_one_active: 'This conversation has a run already.',
};

/** What a command gets that the database refuses even when it is alone. It takes its mid. */
export function refusalOf(error: unknown): MusterError {
  const code = codeOf(error);
  const constraint = isDatabaseError(error) ? error.constraint : undefined;
  if (code === '23505') {
    return new MusterError('conflict', (constraint && CONFLICTS[constraint]) ?? 'This id is taken.');
  }
  // Text that Postgres cannot hold: a NUL, half a surrogate pair.
  if (code.startsWith('22')) return new MusterError('invalid', 'This holds characters that cannot be stored.');
  return new MusterError('internal', 'This could not be stored.');
}
