import { readFileSync } from 'node:fs';
import * as z from 'zod';

/**
 * Configuration: one zod object a process, keyed by the variables' names, parsed once at the start.
 *
 *     const gatewayConfig = z.object({ PORT: port().default(0), SECRET: secret('…'), … });
 *     const config = parseConfig(gatewayConfig, process.env);
 *
 * A variable may come as a file instead (`SECRET_FILE=/run/secrets/muster`), as orchestrators hand out secrets. Empty
 * counts as absent: compose files and CI pass `X=` for what they do not set.
 */
type Environment = Record<string, string | undefined>;

/** What is wrong with the environment, one line for each variable. Meant to be printed as it is, without a stack. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}

/**
 * @throws ConfigError naming every missing or wrong variable and what it should be. Values of secrets are never
 *   repeated.
 */
export function parseConfig<S extends z.ZodObject>(schema: S, env: Environment): z.output<S> {
  const lines: string[] = [];
  const values: Environment = {};
  for (const name of Object.keys(schema.shape)) {
    const value = readVariable(name, env, lines);
    if (value !== undefined) values[name] = value;
  }
  const result = schema.safeParse(values);
  if (result.success && lines.length === 0) return result.data;
  const told = new Set<string>(lines.map((line) => line.split(' ')[0] as string));
  for (const issue of result.error?.issues ?? []) {
    const name = String(issue.path[0] ?? '');
    // The first fault of a variable is enough: the line says all that it should be.
    if (told.has(name)) continue;
    told.add(name);
    lines.push(describeFault(name, schema.shape[name], values[name], issue));
  }
  throw new ConfigError(lines);
}

function readVariable(name: string, env: Environment, lines: string[]): string | undefined {
  const direct = blankToUndefined(env[name]);
  const file = blankToUndefined(env[`${name}_FILE`]);
  if (file === undefined) return direct;
  if (direct !== undefined) {
    lines.push(`${name} is set twice, as ${name} and by ${name}_FILE: keep one of them.`);
    return direct;
  }
  try {
    return blankToUndefined(readFileSync(file, 'utf8').trim());
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    lines.push(`${name} should come from the file named by ${name}_FILE, but ${file} cannot be read (${code}).`);
    return undefined;
  }
}

function describeFault(
  name: string,
  schema: z.core.$ZodType | undefined,
  value: string | undefined,
  issue: z.core.$ZodIssue,
): string {
  if (issue.code === 'custom' && issue.path.length === 1 && issue.params?.['isWhole'] === true) {
    return `${name} ${issue.message}`;
  }
  const { description, isSecret } = findMeta(schema);
  const wanted = description ?? issue.message;
  if (value === undefined) return `${name} is missing: it should be ${wanted}.`;
  const shown = isSecret ? '' : ` (it is ${JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)})`;
  return `${name} should be ${wanted}${shown}.`;
}

interface VariableMeta {
  description?: string;
  isSecret?: boolean;
}

/** The words stand on the innermost schema; `.optional()` and `.default()` wrap it. */
function findMeta(schema: z.core.$ZodType | undefined): VariableMeta {
  let current = schema;
  while (current !== undefined) {
    const meta = z.globalRegistry.get(current) as VariableMeta | undefined;
    if (meta?.description !== undefined) return meta;
    current = (current._zod.def as { innerType?: z.core.$ZodType }).innerType;
  }
  return {};
}

function blankToUndefined(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value;
}

/** Adds a fault that is about several variables (`SECRET` in production): `NAME` + the sentence's rest. */
export function addFault(context: z.core.$RefinementCtx, name: string, sentence: string): void {
  context.addIssue({ code: 'custom', path: [name], message: sentence, params: { isWhole: true } });
}

/** Any text. @param description what it should be, to stand after "should be" */
export const text = (description: string) => z.string().meta({ description });

/** Text that no message and no log may repeat. */
export const secret = (description: string, minLength = 1) =>
  z.string().min(minLength).meta({ description, isSecret: true });

export const integer = (description: string, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}) =>
  z
    .string()
    .regex(/^-?\d{1,15}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .meta({ description: `${description}, a whole number from ${min}${max < 1e15 ? ` to ${max}` : ' up'}` });

export const port = () => integer('a port to listen on (0: a free one)', { max: 65_535 });

/** A time in milliseconds. */
export const durationMs = (description: string, limits: { min?: number; max?: number } = {}) =>
  integer(`${description} in milliseconds`, limits);

/** `on` or `off` (also true/false, yes/no, 1/0). */
export const flag = (description: string) =>
  z
    .stringbool({ truthy: ['on', 'true', 'yes', '1'], falsy: ['off', 'false', 'no', '0'] })
    .meta({ description: `on or off: ${description}` });

export const oneOf = <const T extends readonly [string, ...string[]]>(values: T, description: string) =>
  z.enum(values).meta({ description: `${description}: ${values.join(', ')}` });

/** A URL of one of the given protocols (`['http', 'https']`); kept as it was written. */
export const url = (protocols: readonly string[], description: string, { isSecret = false } = {}) =>
  z
    .string()
    .refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol.slice(0, -1)))
    .meta({ description: `${description} (${protocols.map((protocol) => `${protocol}://…`).join(' or ')})`, isSecret });

export const databaseUrl = () =>
  url(['postgres', 'postgresql'], 'the address of a Postgres, 15 or newer', { isSecret: true });

export const redisUrl = () => url(['redis', 'rediss'], 'the address of a Redis, 6.2 or newer', { isSecret: true });

/** Entries divided by commas; blanks around them and empty ones are dropped. */
export const list = (description: string) =>
  z
    .string()
    .transform((value) =>
      value
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== ''),
    )
    .meta({ description: `${description}, divided by commas` });
