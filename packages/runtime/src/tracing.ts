import { oneOf, secret, text, url } from './config.ts';

/** https://opentelemetry.io/docs/concepts/signals/traces/#span-kind */
export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';
/** Ids, counts and names of our own: never what people write. */
export type Attributes = Record<string, string | number | boolean>;

export interface SpanOptions {
  kind?: SpanKind;
  /** Where another process left off: its `traceparent`. Default: the span in which this one is begun. */
  parent?: string | undefined;
  /** Begins a trace where there is none. Anything else is a part, and nothing without its whole. */
  isRoot?: boolean;
  attributes?: Attributes;
}

export interface Span {
  /** `traceparent`, for whoever goes on. */
  readonly carry: string;
  /** Something that happened in it, at this moment. */
  note(event: string): void;
  /** @param fault what it failed with; of it only the name and the code are told */
  end(fault?: unknown): void;
}

/** A span that is over, told by somebody else: a page. */
export interface ToldSpan {
  traceId: string;
  spanId: string;
  parentId?: string | undefined;
  name: string;
  /** Milliseconds since 1970. */
  startAt: number;
  endAt: number;
  attributes?: Attributes;
}

/** Where the time went between a click and its paint, told to whatever speaks OpenTelemetry's protocol. */
export interface Tracing {
  readonly isOn: boolean;
  /** Of a hundred clicks, how many a page should trace. */
  readonly share: number;
  /** Does something within a span; what it begins is a part of it. */
  span<T>(name: string, options: SpanOptions, run: () => T): T;
  /** A span that is ended by its holder, and has no parts. */
  begin(name: string, options?: SpanOptions): Span | undefined;
  /** The `traceparent` of the span that we are in. */
  carry(): string | undefined;
  tell(span: ToldSpan): void;
  close(): Promise<void>;
}

/** Nothing is traced: what is done within a span is simply done. */
export const noTracing: Tracing = {
  isOn: false,
  share: 0,
  span: (_name, _options, run) => run(),
  begin: () => undefined,
  carry: () => undefined,
  tell: () => undefined,
  close: async () => undefined,
};

const SAMPLERS = [
  ...(['always_on', 'always_off', 'traceidratio'] as const),
  ...(['parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'] as const),
] as const;

/** The standard variables that we read: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ */
export const tracingVariables = {
  OTEL_EXPORTER_OTLP_ENDPOINT: url(['http', 'https'], 'the address of an OpenTelemetry collector').optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url(['http', 'https'], 'the whole address for traces').optional(),
  OTEL_EXPORTER_OTLP_HEADERS: secret('headers for it: name=value, divided by commas').optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: oneOf(['http/json'], 'how it is spoken to').default('http/json'),
  OTEL_SERVICE_NAME: text('what this process is called in traces').optional(),
  OTEL_RESOURCE_ATTRIBUTES: text('what else is said of this process: name=value, divided by commas').optional(),
  OTEL_TRACES_SAMPLER: oneOf(SAMPLERS, 'what is traced').default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: text('a share from 0 to 1')
    .refine((value) => Number(value) >= 0 && Number(value) <= 1)
    .optional(),
};

export interface TracingConfig {
  OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?: string | undefined;
  OTEL_EXPORTER_OTLP_HEADERS?: string | undefined;
  OTEL_SERVICE_NAME?: string | undefined;
  OTEL_RESOURCE_ATTRIBUTES?: string | undefined;
  OTEL_TRACES_SAMPLER: (typeof SAMPLERS)[number];
  OTEL_TRACES_SAMPLER_ARG?: string | undefined;
}

/** @param name the process, where the environment gives it no other */
export async function createTracing(
  config: TracingConfig,
  { name, logger }: { name: string; logger: { warn(fields: Record<string, unknown>, message: string): void } },
): Promise<Tracing> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: whole } = config;
  const address = whole ?? (base === undefined ? undefined : `${base.replace(/\/+$/, '')}/v1/traces`);
  if (address === undefined) return noTracing;
  // Loaded by those who want it.
  const { createOtlpTracing } = await import('./otlp-tracing.ts');
  const sampler = config.OTEL_TRACES_SAMPLER;
  const share = sampler.endsWith('ratio')
    ? Number(config.OTEL_TRACES_SAMPLER_ARG ?? 1)
    : sampler.endsWith('on')
      ? 1
      : 0;
  return createOtlpTracing({
    ...{ url: address, share, logger },
    headers: readPairs(config.OTEL_EXPORTER_OTLP_HEADERS),
    isParentBased: sampler.startsWith('parentbased'),
    resource: {
      'service.name': config.OTEL_SERVICE_NAME ?? name,
      ...readPairs(config.OTEL_RESOURCE_ATTRIBUTES),
    },
  });
}

/** `a=1,b=2`, with what has to be written as `%2C` written so. */
function readPairs(pairs = ''): Record<string, string> {
  const split = pairs.split(',').map((pair) => [pair, pair.indexOf('=')] as const);
  return Object.fromEntries(
    split
      .filter(([, at]) => at > 0)
      .map(([pair, at]) => [pair.slice(0, at).trim(), decoded(pair.slice(at + 1).trim())]),
  );
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
