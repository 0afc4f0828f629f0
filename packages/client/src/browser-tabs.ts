import type { TabsPort } from './types.ts';

/**
 * Tabs of one origin: a BroadcastChannel to hear each other, a Web Lock to agree on who pushes. Where there are no locks
 * (an insecure origin) every tab pushes, which mids and nonces keep right.
 */
export function createBrowserTabs(name: string): TabsPort {
  return {
    join(hear) {
      const channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel(name);
      const letGo = new AbortController();
      let release: () => void = () => {};
      let hasLeft = false;
      channel?.addEventListener('message', (event: MessageEvent) => hear(event.data));
      // In Node a channel would keep the process alive.
      (channel as { unref?: () => void } | undefined)?.unref?.();
      return {
        post(message) {
          if (!hasLeft) channel?.postMessage(message);
        },
        lead(start) {
          const locks = (globalThis.navigator as Navigator | undefined)?.locks as LockManager | undefined;
          if (!locks) return start();
          locks
            .request(`${name}:push`, { signal: letGo.signal }, () => {
              if (hasLeft) return;
              start();
              return new Promise<void>((resolve) => (release = resolve));
            })
            // Aborted by leaving, or refused by the browser: others may push instead.
            .catch(() => undefined);
        },
        leave() {
          hasLeft = true;
          release();
          letGo.abort();
          channel?.close();
        },
      };
    },
  };
}
