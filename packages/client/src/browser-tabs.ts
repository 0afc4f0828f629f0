import type { TabsPort, Turn } from './types.ts';

/** A place in the line for the lock, or the lock itself. */
interface Place {
  end(): void;
}

/**
 * Tabs of one origin: a BroadcastChannel to hear each other, a Web Lock to agree on who pushes. Where there are no locks
 * (an insecure origin) every tab pushes, which mids and nonces keep right.
 */
export function createBrowserTabs(name: string): TabsPort {
  return {
    join(hear) {
      const channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel(name);
      let place: Place | undefined;
      let hasLeft = false;
      channel?.addEventListener('message', (event: MessageEvent) => hear(event.data));
      // In Node a channel would keep the process alive.
      (channel as { unref?: () => void } | undefined)?.unref?.();

      function rest(): void {
        place?.end();
        place = undefined;
      }

      function ask(turn: Turn, isByForce: boolean): void {
        rest();
        const locks = (globalThis.navigator as Navigator | undefined)?.locks as LockManager | undefined;
        if (!locks) return turn.started();
        const gaveUp = new AbortController();
        let release: () => void = () => {};
        let isHeld = false;
        const own: Place = {
          end() {
            release();
            gaveUp.abort();
          },
        };
        place = own;
        // A request by force takes no signal; it is granted at once.
        const options: LockOptions = isByForce ? { steal: true } : { signal: gaveUp.signal };
        locks
          .request(`${name}:push`, options, () => {
            if (place !== own) return undefined;
            isHeld = true;
            turn.started();
            return new Promise<void>((resolve) => (release = resolve));
          })
          .catch(() => {
            // Given up, or refused by the browser: others may push instead. Taken from us: we step down.
            if (place !== own || !isHeld) return;
            place = undefined;
            turn.lost();
          });
      }

      return {
        post(message) {
          if (!hasLeft) channel?.postMessage(message);
        },
        lead: (turn) => ask(turn, false),
        steal: (turn) => ask(turn, true),
        rest,
        leave() {
          hasLeft = true;
          rest();
          channel?.close();
        },
      };
    },
  };
}
