import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';

/**
 * Structured logs: one JSON object a line. Ids (`requestId`, `userId`, `runId`, `scope`) are given as fields, on the
 * line or by `logger.child({ runId })`. What people write is never logged: not titles, not messages, not arguments;
 * the fields that hold such things are cut out here, should one be passed by mistake.
 */
export type Logger = PinoLogger;

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const CREDENTIALS = ['password', 'token', 'secret', 'authorization', 'cookie', '["set-cookie"]', 'apiKey'];
const CONTENT = ['title', 'notes', 'text', 'parts', 'args', 'body', 'effects', 'prev', 'value', 'email'];
const CUT = '[cut]';

/**
 * @param name the process: `gateway`, `worker`
 * @param destination where lines go; left out: standard output
 * @param onError told each line of level error and above, as it was written: what is cut out of it nobody sees
 */
export function createLogger({
  name,
  level = 'info',
  destination,
  onError,
}: {
  name: string;
  level?: LogLevel;
  destination?: DestinationStream;
  onError?: ((line: Record<string, unknown>) => void) | undefined;
}): Logger {
  const options = {
    name,
    level,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: serializeError, error: serializeError },
    redact: { paths: redactedPaths([...CREDENTIALS, ...CONTENT]), censor: CUT },
  };
  const out = onError === undefined ? destination : tap(destination ?? pino.destination(1), onError);
  return out === undefined ? pino(options) : pino(options, out);
}

/** The level stands first in a line. */
const IS_ERROR = /^\{"level":"(error|fatal)"/;

const tap = (inner: DestinationStream, onError: (line: Record<string, unknown>) => void): DestinationStream => ({
  write(line) {
    inner.write(line);
    if (IS_ERROR.test(line)) onError(JSON.parse(line) as Record<string, unknown>);
  },
});

/** A logger that says nothing, for tests. */
export const silentLogger = (): Logger => pino({ level: 'silent' });

function redactedPaths(keys: string[]): string[] {
  return keys.flatMap((key) => {
    const dotted = key.startsWith('[') ? key : `.${key}`;
    return [key, `*${dotted}`, `*.*${dotted}`];
  });
}

interface DatabaseFault {
  severity: string;
  code: string;
  constraint?: string;
  table?: string;
}

/**
 * An error as its type, code, message and stack. Postgres repeats the offending values in its details, and in quotes
 * in its messages: both stay out, the constraint's name says enough.
 */
export function serializeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: typeof error === 'string' ? error : typeof error };
  const code = (error as { code?: unknown }).code;
  const base = { type: error.name, ...(code === undefined ? {} : { code }) };
  const cause = error.cause === undefined ? {} : { cause: serializeError(error.cause) };
  if (isDatabaseFault(error)) {
    const { constraint, table } = error;
    return {
      ...base,
      message: error.message.replaceAll(/"[^"]*"/g, '"…"'),
      ...(constraint === undefined ? {} : { constraint }),
      ...(table === undefined ? {} : { table }),
      stack: stackFrames(error),
      ...cause,
    };
  }
  return { ...base, message: error.message, stack: stackFrames(error), ...cause };
}

function isDatabaseFault(error: Error): error is Error & DatabaseFault {
  const { severity, code } = error as Partial<DatabaseFault>;
  return typeof severity === 'string' && typeof code === 'string' && code.length === 5;
}

/** The frames alone: a stack begins with the message, which was cleaned apart. */
function stackFrames(error: Error): string {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}
