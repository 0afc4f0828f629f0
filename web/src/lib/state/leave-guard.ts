import type { MusterClient } from '@muster/client/types';

/**
 * Asks before the tab is closed, but only while something would be lost: an edit that is neither sent nor stored. A page
 * that listens all the time is not kept for going back to.
 * @returns a function that ends it
 */
export function guardLeaving(client: Pick<MusterClient, 'status' | 'on'>): () => void {
  let isOn = false;
  const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
  function set(isWanted: boolean): void {
    if (isWanted === isOn) return;
    isOn = isWanted;
    if (isOn) addEventListener('beforeunload', ask);
    else removeEventListener('beforeunload', ask);
  }
  const look = (): void => set(client.status.pending > 0 && client.status.storage !== 'ok');
  const stop = client.on('status', look);
  look();
  return () => {
    stop();
    set(false);
  };
}
