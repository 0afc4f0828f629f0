import { realClock } from '@muster/client/clock';
import { traceTransport } from '@muster/client/traced-transport';
import type { Transport } from '@muster/client/types';
import { PAGE_SPANS_PATH } from '@muster/protocol/page-spans';
import { Api } from './api.ts';

/** Traces a share of this page's clicks until what came of them is painted, for the operator's collector. */
export function traceClicks(inner: Transport, api: string, share: number): Transport {
  return traceTransport(inner, {
    share,
    clock: realClock,
    // The frame in which it is drawn, and then the turn after that.
    painted: (then) => requestAnimationFrame(() => void setTimeout(then)),
    // Nobody is to notice where it is lost.
    report: (spans) => void new Api(api).post(PAGE_SPANS_PATH, { spans }).catch(() => undefined),
  });
}
