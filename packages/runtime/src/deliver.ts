import { setTimeout as delay } from 'node:timers/promises';

/** An answer that says "not now": https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes */
const NOT_NOW = new Set([429, 502, 503, 504]);
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
/** Whoever asks us to wait for longer is asked again after this. */
const LONGEST_BAN_MS = 3_600_000;

export interface Parcel {
  url: string;
  body: string;
  headers: Record<string, string>;
}

export interface DeliveryOptions<T> {
  /** What is said of it in the log. */
  name: string;
  logger: { warn(fields: Record<string, unknown>, message: string): void };
  pack: (items: T[]) => Parcel;
  /** How many go at once. */
  batch: number;
  /** What comes while so many wait is dropped: it must never take the memory of those it tells about. */
  mostWaiting: number;
  /** How long the first of a batch waits for others. */
  everyMs: number;
  /** What comes while the server wants to be left alone is dropped, instead of kept. */
  dropsWhenLimited?: boolean;
  /** How long its answer wants to be left alone, however good it is. */
  limitOf?: (headers: Headers) => number | undefined;
  timeoutMs?: number;
  /** At its end it tries for so long to get rid of the rest. */
  lastMs?: number;
}

/** Sends to a service that may be away or slow, and that nobody may ever wait for. */
export interface Delivery<T> {
  /** Never throws, never waits. */
  add(item: T): void;
  /** Dropped since the start. */
  readonly dropped: number;
  close(): Promise<void>;
}

export function createDelivery<T>(options: DeliveryOptions<T>): Delivery<T> {
  const { name, logger, pack, batch, mostWaiting, everyMs, dropsWhenLimited = false } = options;
  const { timeoutMs = 10_000, lastMs = 2_000 } = options;
  const ending = new AbortController();
  let waiting: T[] = [];
  let dropped = 0;
  let limitedUntil = 0;
  let fails = 0;
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;

  const drop = (count: number) => void (dropped += count);
  const isSilenced = () => dropsWhenLimited && Date.now() < limitedUntil;

  /** What came before its answer goes the same way as what comes now. */
  function limit(ms: number): void {
    limitedUntil = Date.now() + ms;
    if (dropsWhenLimited) drop(waiting.splice(0).length);
  }

  /** @returns how long to leave the server alone, 0 where all is well */
  async function send(items: T[], withinMs: number): Promise<number> {
    let why: string;
    let waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** fails);
    try {
      const { url, body, headers } = pack(items);
      const answer = await fetch(url, { method: 'POST', body, headers, signal: AbortSignal.timeout(withinMs) });
      await answer.body?.cancel();
      const limitMs = Math.min(LONGEST_BAN_MS, options.limitOf?.(answer.headers) ?? 0);
      if (limitMs > 0) limit(limitMs);
      if (answer.ok) {
        fails = 0;
        return limitMs;
      }
      why = `status ${answer.status}`;
      const isLimited = answer.status === 429;
      if (isLimited || NOT_NOW.has(answer.status))
        waitMs = limitMs || (readRetryAfter(answer.headers.get('retry-after')) ?? waitMs);
      if (isLimited) limit(waitMs);
      // What is refused for good, now and ever, is not offered again.
      if (!NOT_NOW.has(answer.status) || (isLimited && dropsWhenLimited)) drop(items.length);
      else keep(items);
      if (!NOT_NOW.has(answer.status)) waitMs = 0;
    } catch (error) {
      why = ((error as Error).cause as { code?: string } | undefined)?.code ?? (error as Error).name;
      keep(items);
    }
    if (fails === 0) logger.warn({ to: name, why, dropped }, 'could not be delivered');
    fails += 1;
    return waitMs;
  }

  function keep(items: T[]): void {
    waiting = [...items, ...waiting];
    if (waiting.length <= mostWaiting) return;
    drop(waiting.length - mostWaiting);
    waiting.length = mostWaiting;
  }

  async function work(): Promise<void> {
    while (waiting.length > 0 && !ending.signal.aborted) {
      const waitMs = await send(waiting.splice(0, batch), timeoutMs);
      if (waitMs === 0) continue;
      await delay(waitMs, undefined, { signal: ending.signal, ref: false }).catch(() => undefined);
    }
  }

  function start(): void {
    timer = undefined;
    sending ??= work().finally(() => (sending = undefined));
  }

  return {
    get dropped() {
      return dropped;
    },
    add(item) {
      if (ending.signal.aborted || waiting.length >= mostWaiting) return drop(1);
      if (isSilenced()) return drop(1);
      waiting.push(item);
      if (sending) return;
      if (waiting.length >= batch) {
        clearTimeout(timer);
        start();
      } else timer ??= setTimeout(start, everyMs).unref();
    },
    async close() {
      clearTimeout(timer);
      ending.abort();
      await sending;
      if (isSilenced()) drop(waiting.splice(0).length);
      const deadline = Date.now() + lastMs;
      while (waiting.length > 0 && Date.now() < deadline) {
        if ((await send(waiting.splice(0, batch), deadline - Date.now())) > 0) break;
      }
    },
  };
}

/** Seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function readRetryAfter(text: string | null): number | undefined {
  if (text === null) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.min(LONGEST_BAN_MS, Math.max(0, ms)) : undefined;
}
