import type { MusterClient } from '@muster/client/types';

const KEY = 'muster:renewed';
/** What is loaded may be as old as this page, from a server that is not yet rolled out: a circle must not begin. */
const AGAIN_AFTER_MS = 600_000;

/**
 * Loads a page that is too old for the server anew while nobody looks at it. Where somebody does, the line about the
 * connection asks them to: nothing that they are at is taken from them. Edits that wait are stored, and sent by the new
 * page; one that is not stored, or words that stand in a field, keep the page as it is.
 * @returns a function that ends it
 */
export function renewPage(
  client: Pick<MusterClient, 'status' | 'on'>,
  load: () => void = () => location.reload(),
): () => void {
  function look(): void {
    const { error, pending, storage } = client.status;
    const isOutdated = error?.code === 'upgrade_required';
    if (!isOutdated || !document.hidden || (pending > 0 && storage !== 'ok') || hasWords()) return;
    if (Date.now() - Number(sessionStorage.getItem(KEY)) < AGAIN_AFTER_MS) return;
    sessionStorage.setItem(KEY, String(Date.now()));
    load();
  }
  const stop = client.on('status', look);
  document.addEventListener('visibilitychange', look);
  return () => {
    stop();
    document.removeEventListener('visibilitychange', look);
  };
}

/** Somebody has begun to write. */
const hasWords = (): boolean =>
  [...document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>('input, textarea')].some(
    (field) => !['checkbox', 'radio', 'hidden'].includes(field.type) && field.value !== '',
  );
