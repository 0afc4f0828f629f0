import type { ERASE_WORDS } from '@muster/protocol/http-me';
import type { App } from './app.svelte.ts';

/**
 * Erases the person for good, and all that this browser holds of them.
 * @throws {MusterError} and nothing is erased
 */
export async function eraseSelf(
  app: App,
  proof: { password: string } | { confirm: typeof ERASE_WORDS },
): Promise<void> {
  // The server sends all pages away while it erases: what was open here is closed by then, and is wiped all the same.
  const { muster, session } = app;
  const { userId } = muster;
  const leave = (hasLeft: boolean): void => {
    session.hasLeft = hasLeft;
    const tabs = new BroadcastChannel('muster-leaving');
    tabs.postMessage(hasLeft);
    tabs.close();
  };
  // None of the pages is to remember whose session ended there.
  leave(true);
  try {
    await app.api.delete('/api/v1/me', proof);
  } catch (error) {
    leave(false);
    throw error;
  }
  if (userId !== undefined) await app.wipe(userId);
  session.forget();
}
