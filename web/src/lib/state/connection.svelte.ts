import type { ClientStatus } from '@muster/client/types';
import type { App } from './app.svelte.ts';

/** What the page says about its connection; nothing at all when all is well. */
export interface ConnectionWords {
  tone: 'amber' | 'grey';
  text: string;
}

/** A blip shorter than this is nobody's business. */
const SILENT_MS = 1_500;
/** After this long it is not a reconnect any more. */
const LONG_MS = 12_000;

/** Words for a status. Pure. */
export function connectionWords(status: ClientStatus, now: number, hasNetwork: boolean): ConnectionWords | undefined {
  const changes = status.pending === 1 ? '1 change' : `${status.pending} changes`;
  if (status.connection === 'online') {
    return status.isBehind ? { tone: 'amber', text: 'Catching up' } : undefined;
  }
  if (status.connection === 'stopped') return undefined;
  if (status.connection === 'refused') {
    if (status.error?.code === 'upgrade_required')
      return { tone: 'amber', text: 'A newer version is ready: reload the page' };
    return { tone: 'grey', text: status.pending > 0 ? `Not connected, ${changes} waiting` : 'Not connected' };
  }
  const away = now - (status.since ?? now);
  if (hasNetwork && away < SILENT_MS) return undefined;
  if (hasNetwork && away < LONG_MS) return { tone: 'amber', text: 'Reconnecting, your changes are kept' };
  const since = new Date(status.since ?? now).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  return {
    tone: 'grey',
    text: status.pending > 0 ? `Offline since ${since}, ${changes} waiting` : `Offline since ${since}`,
  };
}

/** The words as they are now: made by a component, which they live as long as. */
export class Connection {
  #hasNetwork = $state(navigator.onLine);
  #now = $state(Date.now());
  readonly words: ConnectionWords | undefined;

  constructor(app: App) {
    this.words = $derived(connectionWords(app.muster.status, this.#now, this.#hasNetwork));
    $effect(() => {
      const hear = (): void => void (this.#hasNetwork = navigator.onLine);
      addEventListener('online', hear);
      addEventListener('offline', hear);
      return () => {
        removeEventListener('online', hear);
        removeEventListener('offline', hear);
      };
    });
    $effect(() => {
      if (app.muster.status.connection === 'online') return undefined;
      this.#now = Date.now();
      const timer = setInterval(() => (this.#now = Date.now()), 500);
      return () => clearInterval(timer);
    });
  }
}
