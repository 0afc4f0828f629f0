import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { createDelivery } from './deliver.ts';
import type { Attributes, Span, SpanKind, SpanOptions, ToldSpan, Tracing } from './tracing.ts';

/** https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const SAMPLED = 1;
const KINDS: Record<SpanKind, number> = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };
const FAILED = 2;
const BATCH = 256;
const MOST_WAITING = 4_096;
const EVERY_MS = 2_000;

/** Where in which trace we are. */
interface Place {
  traceId: string;
  spanId: string;
}

/** A span as OTLP has it in JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  flags: number;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: unknown[];
  events: { timeUnixNano: string; name: string }[];
  status?: { code: number };
}

export interface OtlpOptions {
  url: string;
  headers: Record<string, string>;
  resource: Record<string, string>;
  /** Of traces that begin here, how many are told: 0 to 1. */
  share: number;
  /** Whoever began a trace decides, and the share only where we begin it. */
  isParentBased: boolean;
  logger: { warn(fields: Record<string, unknown>, message: string): void };
}

/** Spans in batches to a collector, by OTLP over HTTP in JSON. */
export function createOtlpTracing({ url, headers, resource, share, isParentBased, logger }: OtlpOptions): Tracing {
  const places = new AsyncLocalStorage<Place | undefined>();
  const delivery = createDelivery<OtlpSpan>({
    ...{ name: 'traces', logger, batch: BATCH, mostWaiting: MOST_WAITING, everyMs: EVERY_MS },
    pack: (spans) => ({
      url,
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({
        resourceSpans: [
          { resource: { attributes: toPairs(resource) }, scopeSpans: [{ scope: { name: 'muster' }, spans }] },
        ],
      }),
    }),
  });

  /** By the trace's id alone, so that all processes of one share agree. */
  const isWanted = (traceId: string): boolean => Number.parseInt(traceId.slice(-13), 16) < share * 2 ** 52;

  function parentOf({ parent, isRoot }: SpanOptions): (Partial<Place> & { traceId: string }) | undefined {
    const [, traceId, spanId, flags] = (parent && TRACEPARENT.exec(parent)) || [];
    if (traceId !== undefined && spanId !== undefined && flags !== undefined) {
      const isOn = isParentBased ? (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED : isWanted(traceId);
      return isOn ? { traceId, spanId } : undefined;
    }
    const here = places.getStore();
    if (here || !isRoot) return here;
    const fresh = hex(16);
    return isWanted(fresh) ? { traceId: fresh } : undefined;
  }

  function open(name: string, options: SpanOptions): (Span & Place) | undefined {
    const parent = parentOf(options);
    if (parent === undefined) return undefined;
    const { traceId } = parent;
    const spanId = hex(8);
    const events: OtlpSpan['events'] = [];
    const startedAt = now();
    return {
      traceId,
      spanId,
      carry: `00-${traceId}-${spanId}-01`,
      note: (event) => void events.push({ timeUnixNano: nano(now()), name: event }),
      end: (fault) =>
        delivery.add({
          ...{ traceId, spanId, ...(parent.spanId === undefined ? {} : { parentSpanId: parent.spanId }) },
          ...{ flags: SAMPLED, name, kind: KINDS[options.kind ?? 'internal'], events },
          ...{ startTimeUnixNano: nano(startedAt), endTimeUnixNano: nano(now()) },
          attributes: toPairs({ ...options.attributes, ...describeFault(fault) }),
          ...(fault === undefined ? {} : { status: { code: FAILED } }),
        }),
    };
  }

  return {
    isOn: true,
    share,
    span<T>(name: string, options: SpanOptions, run: () => T): T {
      const span = open(name, options);
      if (span === undefined) return run();
      const fail = (fault: unknown): never => {
        span.end(fault ?? 'unknown');
        throw fault;
      };
      let result: T;
      try {
        result = places.run({ traceId: span.traceId, spanId: span.spanId }, run);
      } catch (fault) {
        return fail(fault);
      }
      if (!(result instanceof Promise)) {
        span.end();
        return result;
      }
      return result.then((value: unknown) => {
        span.end();
        return value;
      }, fail) as T;
    },
    begin: (name, options = {}) => open(name, options),
    carry() {
      const here = places.getStore();
      return here && `00-${here.traceId}-${here.spanId}-01`;
    },
    tell: ({ traceId, spanId, parentId, name, startAt, endAt, attributes = {} }: ToldSpan) =>
      delivery.add({
        ...{ traceId, spanId, ...(parentId === undefined ? {} : { parentSpanId: parentId }) },
        ...{ flags: SAMPLED, name, kind: KINDS.client, events: [] },
        ...{ startTimeUnixNano: nano(startAt), endTimeUnixNano: nano(endAt), attributes: toPairs(attributes) },
      }),
    close: () => delivery.close(),
  };
}

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');
/** Milliseconds since 1970, with what a monotonic clock knows beyond them. */
const now = (): number => performance.timeOrigin + performance.now();
const nano = (ms: number): string => (BigInt(Math.round(ms * 1_000)) * 1_000n).toString();

function toPairs(attributes: Attributes): unknown[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: toValue(value) }));
}

function toValue(value: string | number | boolean): unknown {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/** Messages may repeat what people wrote. */
function describeFault(fault: unknown): Attributes {
  if (fault === undefined) return {};
  const { name, code } = fault as { name?: unknown; code?: unknown };
  return {
    'error.type': typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown',
  };
}
