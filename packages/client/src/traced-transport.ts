import { runIdOf } from '@muster/domain/run-ids';
import type { Packet } from '@muster/protocol/change';
import type { Mutate } from '@muster/protocol/client-events';
import type { PageSpan } from '@muster/protocol/page-spans';
import type { RunChunk } from '@muster/protocol/server-events';
import type { Clock, Transport, TransportEvents } from './types.ts';

/** Told without its end: something never came, or the page was left. */
const GIVEN_UP_AFTER_MS = 60_000;
/** A page that sends a thousand changes has other worries than to trace them. */
const MOST_AT_ONCE = 20;

export interface TraceOptions {
  /** Of what is sent, how much is traced: 0 to 1. */
  share: number;
  /** Called once what came is on the screen. */
  painted(then: () => void): void;
  /** One click, whole. */
  report(spans: PageSpan[]): void;
  clock: Clock;
}

/** A change on its way: from the click to its own paint, and for a question to the first words of its answer. */
interface Click {
  root: PageSpan;
  spans: PageSpan[];
  mid: number;
  runId: string | undefined;
  hasArrived: boolean;
  cancel: () => void;
}

/**
 * A transport that begins a trace with what is sent, carries it along, and tells when it was painted. It knows nothing of
 * what the client does with either, and the client nothing of it.
 */
export function traceTransport(inner: Transport, options: TraceOptions): Transport {
  const clicks = new Map<string, Click>();
  return {
    connect(url, auth, events) {
      const isOwn = (change: { clientId?: string | undefined }) => change.clientId === auth.clientId;
      const connection = inner.connect(url, auth, listen(events, clicks, isOwn, options));
      return {
        close: () => connection.close(),
        send(event, data, answer) {
          const trace = event === 'mutate' ? traceOf(data as Mutate, clicks, options) : undefined;
          connection.send(event, trace === undefined ? data : { ...(data as Mutate), trace }, answer);
        },
      };
    },
  };
}

/** @returns what to send along: the same when it is sent again */
function traceOf(mutation: Mutate, clicks: Map<string, Click>, options: TraceOptions): string | undefined {
  const known = clicks.get(mutation.nonce);
  if (known) return carried(known.root);
  const { clock, share } = options;
  if (clock.random() >= share || clicks.size >= MOST_AT_ONCE) return undefined;
  const startAt = clock.now();
  const root: PageSpan = {
    ...{ traceId: hex(clock, 32), spanId: hex(clock, 16), name: 'click', command: mutation.name },
    ...{ startAt, endAt: startAt },
  };
  const asked = mutation.name === 'message.send' ? (mutation.args as { id?: unknown }).id : undefined;
  const giveUp = (): void => finish(mutation.nonce, clicks, options);
  clicks.set(mutation.nonce, {
    ...{ root, spans: [], mid: mutation.mid, hasArrived: false },
    runId: typeof asked === 'string' ? runIdOf(asked) : undefined,
    cancel: clock.setTimeout(giveUp, GIVEN_UP_AFTER_MS),
  });
  return carried(root);
}

function listen(
  events: TransportEvents,
  clicks: Map<string, Click>,
  isOwn: (change: { clientId?: string | undefined }) => boolean,
  options: TraceOptions,
): TransportEvents {
  const paint = (nonce: string, click: Click, name: 'paint' | 'first words', isLast: boolean): void => {
    const startAt = options.clock.now();
    options.painted(() => {
      const endAt = options.clock.now();
      const { traceId, spanId: parentId } = click.root;
      click.spans.push({ traceId, spanId: hex(options.clock, 16), parentId, name, startAt, endAt });
      click.root.endAt = endAt;
      if (isLast) finish(nonce, clicks, options);
    });
  };
  return {
    ...events,
    opened: () => events.opened(),
    closed: (reason) => events.closed(reason),
    refused: (error) => events.refused(error),
    received(event, data) {
      events.received(event, data);
      if (clicks.size === 0) return;
      if (event === 'scope:changes') {
        const mids = (data as Packet).changes.filter(isOwn).map(({ mid }) => mid);
        for (const [nonce, click] of clicks) {
          if (click.hasArrived || !mids.includes(click.mid)) continue;
          click.hasArrived = true;
          paint(nonce, click, 'paint', click.runId === undefined);
        }
      } else if (event === 'run:chunk') {
        for (const [nonce, click] of clicks) {
          if (click.runId !== (data as RunChunk).runId) continue;
          click.runId = undefined;
          paint(nonce, click, 'first words', true);
        }
      }
    },
  };
}

function finish(nonce: string, clicks: Map<string, Click>, { report }: TraceOptions): void {
  const click = clicks.get(nonce);
  if (!click) return;
  clicks.delete(nonce);
  click.cancel();
  report([click.root, ...click.spans]);
}

const carried = ({ traceId, spanId }: PageSpan): string => `00-${traceId}-${spanId}-01`;

/** All zeros would be no id; of sixteen digits that happens to nobody. */
const hex = (clock: Clock, digits: number): string =>
  Array.from({ length: digits }, () => Math.floor(clock.random() * 16).toString(16)).join('');
