import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createDelivery } from './deliver.ts';
import type { Dsn, ErrorLine, ErrorReports } from './error-reports.ts';
import { toException, withoutWords, type SerializedError } from './sentry-exception.ts';

const CLIENT = 'muster/1';
/** What may go along of a line's fields: ids and names of our own. */
const TAGS = ['gateway', 'requestId', 'errorId', 'runId', 'route', 'event', 'job', 'command', 'code', 'stage', 'owner'];
/** A fault in a loop tells nothing new after these. */
const MOST_A_MINUTE = 60;
const MOST_WAITING = 100;
/** Categories of its limits that are about us. */
const OURS = new Set(['', 'error', 'default']);

interface SentryEvent {
  event_id: string;
  [field: string]: unknown;
}

export interface SentryOptions {
  dsn: Dsn;
  /** `gateway`, `worker` */
  process: string;
  environment: string;
  release?: string;
  /** Where its own trouble is told; default: nowhere, since the log is what it listens to. */
  warn?: (fields: Record<string, unknown>, message: string) => void;
  now?: () => number;
}

/** Events in envelopes: https://develop.sentry.dev/sdk/foundations/envelopes/ */
export function createSentryReports(options: SentryOptions): ErrorReports {
  const { dsn, process, environment, release = `muster@${ownVersion()}`, warn = () => undefined } = options;
  const { now = Date.now } = options;
  const delivery = createDelivery<SentryEvent>({
    ...{ name: 'error reports', logger: { warn }, batch: 1, mostWaiting: MOST_WAITING, everyMs: 0 },
    ...{ dropsWhenLimited: true, limitOf },
    pack: ([event]) => ({
      url: dsn.url,
      headers: {
        'content-type': 'application/x-sentry-envelope',
        'x-sentry-auth': `Sentry sentry_version=7, sentry_client=${CLIENT}, sentry_key=${dsn.key}`,
      },
      body: toEnvelope(event!, now()),
    }),
  });
  let minute = 0;
  let count = 0;

  return {
    report(line) {
      const current = Math.floor(now() / 60_000);
      if (current !== minute) [minute, count] = [current, 0];
      count += 1;
      if (count > MOST_A_MINUTE) return;
      delivery.add({ ...toEvent(line, now()), logger: process, release, environment });
    },
    close: () => delivery.close(),
  };
}

function toEvent(line: ErrorLine, now: number): SentryEvent {
  const tags = TAGS.flatMap((name) => {
    const value = line[name];
    return typeof value === 'string' || typeof value === 'number' ? [[name, String(value).slice(0, 200)]] : [];
  });
  const fault = (line['err'] ?? line['error']) as SerializedError | undefined;
  const said = typeof line['msg'] === 'string' ? withoutWords(line['msg']) : 'an error';
  return {
    event_id: randomUUID().replaceAll('-', ''),
    timestamp: now / 1_000,
    platform: line['platform'] === 'javascript' ? 'javascript' : 'node',
    level: line['level'] === 'fatal' ? 'fatal' : 'error',
    // What went wrong in our words; the exception, where there is one, in its own.
    logentry: { formatted: said },
    tags: Object.fromEntries(tags),
    ...(typeof line['userId'] === 'string' ? { user: { id: line['userId'] } } : {}),
    ...(typeof fault === 'object' && fault !== null ? { exception: { values: toException(fault) } } : {}),
  };
}

function toEnvelope(event: SentryEvent, now: number): string {
  const payload = JSON.stringify(event);
  const header = { event_id: event.event_id, sent_at: new Date(now).toISOString() };
  const item = { type: 'event', length: Buffer.byteLength(payload), content_type: 'application/json' };
  return `${[JSON.stringify(header), JSON.stringify(item), payload].join('\n')}\n`;
}

/** `60:error;default:organization, …`, also beside a good answer: https://develop.sentry.dev/sdk/expected-features/rate-limiting/ */
function limitOf(headers: Headers): number | undefined {
  const limits = (headers.get('x-sentry-rate-limits') ?? '').split(',').flatMap((limit) => {
    const [seconds = '', categories = ''] = limit.trim().split(':');
    const isOurs = categories.split(';').some((category) => OURS.has(category));
    return isOurs && Number(seconds) > 0 ? [Number(seconds) * 1_000] : [];
  });
  return limits.length === 0 ? undefined : Math.max(...limits);
}

/** All packages have the product's version. */
function ownVersion(): string {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
