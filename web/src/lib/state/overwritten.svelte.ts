import type { ConflictsPage } from '@muster/protocol/http-conflicts';
import type { Api } from '../api/api.ts';
import type { Muster } from './muster.svelte.ts';

/** What others overwrote of one's own words comes in bursts, when someone's offline work arrives. */
const LOOKS_AFTER_MS = 1_000;
const CHANNEL = 'muster-overwritten';

/**
 * How much of one's own words others overwrote, who had not seen them: asked with the first connection, whenever more
 * comes, and when the page is shown again, for what was seen to on another device.
 */
export class Overwritten {
  readonly #api: Pick<Api, 'get'>;
  readonly #stops: (() => void)[];
  readonly #tabs = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel(CHANNEL);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hasLooked = false;
  count = $state(0);
  /** Grows with each that comes while the page is open. */
  news = $state(0);

  constructor(muster: Muster, api: Pick<Api, 'get'>) {
    this.#api = api;
    this.#stops = [
      muster.on('overwrote', (_scope, _change, lost) => {
        if (lost.some(({ actor }) => actor === muster.userId)) this.#lookSoon();
      }),
      muster.on('status', ({ connection }) => {
        if (connection === 'online' && !this.#hasLooked) this.#lookSoon();
      }),
    ];
    const shown = () => document.visibilityState === 'visible' && this.#lookSoon();
    document.addEventListener('visibilitychange', shown);
    this.#stops.push(() => document.removeEventListener('visibilitychange', shown));
    this.#tabs?.addEventListener('message', () => this.#lookSoon());
  }

  /** Some were seen to here: the other tabs of this browser look again. */
  seenTo(left: number): void {
    this.count = left;
    this.#tabs?.postMessage('seen to');
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#tabs?.close();
    for (const stop of this.#stops) stop();
  }

  #lookSoon(): void {
    this.#hasLooked = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#api.get<ConflictsPage>('/api/v1/conflicts?limit=1').then(
        ({ total }) => {
          this.count = total;
          this.news += 1;
        },
        // Nothing is lost: it is asked again with the next connection.
        () => (this.#hasLooked = false),
      );
    }, LOOKS_AFTER_MS);
  }
}
