import { createIndexedDbStorage } from '@muster/client/indexeddb';
import { createIndexedDbSteps } from '@muster/client/indexeddb-steps';

/** Wipes what this browser keeps of a person who does not work in this page; what it keeps of others stays. */
export async function wipeStore(userId: string): Promise<void> {
  const [storage, steps] = [createIndexedDbStorage(), createIndexedDbSteps()];
  try {
    const { userId: before } = await storage.identity();
    if (before !== userId) await storage.switchTo(userId);
    await storage.wipe();
    if (before !== userId && before !== null) await storage.switchTo(before);
    await steps.wipe(userId);
  } finally {
    await Promise.all([storage.close(), steps.close()]);
  }
}
