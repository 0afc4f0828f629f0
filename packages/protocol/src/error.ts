import * as z from 'zod/mini';
import type { BrokenCondition } from './condition.ts';

export const ERROR_CODES = [
  'unauthenticated',
  'not_found',
  'forbidden',
  'invalid',
  'too_large',
  'rate_limited',
  'limit_reached',
  'conflict',
  'cloned',
  'upgrade_required',
  'unavailable',
  'internal',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];
export const errorCode = z.enum(ERROR_CODES);

/** One fault of an input: where it is (`fields.title`) and what is wrong with it, in a sentence. */
export const fault = z.object({ path: z.string(), message: z.string() });
export type Fault = z.infer<typeof fault>;

export const errorDetails = z.looseObject({
  faults: z.optional(z.array(fault)),
  retryAfterMs: z.optional(z.number()),
  errorId: z.optional(z.string()),
});
/** `conflict`: of a `conflict`, the condition of `ifStill` that does not hold. A page need not carry its schema. */
export type ErrorDetails = z.infer<typeof errorDetails> & { conflict?: BrokenCondition | undefined };

export const wireError = z.object({
  code: errorCode,
  message: z.string(),
  retryable: z.boolean(),
  details: z.optional(errorDetails),
});
export type WireError = Omit<z.infer<typeof wireError>, 'details'> & { details?: ErrorDetails | undefined };

const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['rate_limited', 'unavailable', 'internal']);

/** An error that says what went wrong to whoever asked. Thrown anywhere, turned into the wire's shape at one boundary. */
export class MusterError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails | undefined;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, details?: ErrorDetails) {
    super(message);
    this.name = 'MusterError';
    this.code = code;
    this.details = details;
    this.retryable = RETRYABLE.has(code);
  }

  toWire(): WireError {
    return {
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      ...(this.details ? { details: this.details } : {}),
    };
  }
}

/** The faults of a failed parse, in the wire's shape: at most 20, values never repeated. */
export function faultsOf(error: z.core.$ZodError): Fault[] {
  return error.issues.slice(0, 20).map((issue) => ({ path: issue.path.map(String).join('.'), message: issue.message }));
}

/**
 * Parses `value` or throws `invalid` with a path and a sentence for each fault.
 * @throws {MusterError} `invalid`
 */
export function parseOrThrow<S extends z.core.$ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  const faults = faultsOf(parsed.error);
  const first = faults[0];
  throw new MusterError('invalid', first ? `${first.path || 'input'}: ${first.message}` : 'The input is not valid.', {
    faults,
  });
}
