import type { ClientStatus } from '@muster/client/types';
import type { App } from './app.svelte.ts';

/** What the page says about its connection; nothing at all when all is well. */
export interface ConnectionWords {
  tone: 'amber' | 'grey';
  text: string;
}

/** Saving takes a moment; what waits for longer is told. */
const SAVING_MS = 4_000;
/** A blip shorter than this is nobody's business. */
const SILENT_MS = 1_500;
/** After this long it is not a reconnect any more. */
const LONG_MS = 12_000;

export interface ConnectionFacts {
  /** Now, and since when something of one's own waits to be stored: milliseconds since 1970. */
  now: number;
  savingSince?: number | undefined;
  hasNetwork: boolean;
  /** Edits that the server did not take, and that the person has not seen to. */
  refused?: number;
}

/** Words for a status. Pure. */
export function connectionWords(
  status: ClientStatus,
  { now, savingSince, hasNetwork, refused = 0 }: ConnectionFacts,
): ConnectionWords | undefined {
  const changes = status.pending === 1 ? '1 change' : `${status.pending} changes`;
  if (status.connection === 'online') {
    if (status.isBehind) return { tone: 'amber', text: 'Catching up' };
    if (refused > 0)
      return { tone: 'amber', text: `${refused === 1 ? '1 change was' : `${refused} changes were`} not saved` };
    const isSlow = savingSince !== undefined && now - savingSince >= SAVING_MS;
    return status.pending > 0 && isSlow ? { tone: 'amber', text: `Saving ${changes}` } : undefined;
  }
  // Nobody looks at a page that rests; shown again, it is connecting.
  if (status.connection === 'stopped' || status.connection === 'resting') return undefined;
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
  #savingSince: number | undefined = $state();
  readonly words: ConnectionWords | undefined;

  constructor({ muster, refused }: App) {
    const isSaving = $derived(muster.status.pending > 0);
    this.words = $derived(
      connectionWords(muster.status, {
        now: this.#now,
        savingSince: this.#savingSince,
        hasNetwork: this.#hasNetwork,
        refused: refused.edits.length,
      }),
    );
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
      this.#savingSince = isSaving ? Date.now() : undefined;
    });
    $effect(() => {
      if (muster.status.connection === 'online' && !isSaving) return undefined;
      this.#now = Date.now();
      const timer = setInterval(() => (this.#now = Date.now()), 500);
      return () => clearInterval(timer);
    });
  }
}
