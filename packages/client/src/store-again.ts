import { toMutation } from './intent.ts';
import type { ProfileBook } from './profiles.ts';
import type { Replica } from './replica.ts';
import type { StorageWriter } from './storage-writer.ts';

export interface StoreAgainOptions {
  replica: Replica;
  writer: StorageWriter;
  profiles: ProfileBook;
}

/**
 * The browser threw the store away under a running page: what the page holds is stored again, what waits to be sent
 * before all else. Other tabs do the same; what one of them has put there already stands.
 */
export async function storeAgain({ replica, writer, profiles }: StoreAgainOptions): Promise<void> {
  await writer.run((storage) =>
    storage.keep(replica.view.intents.filter(({ mid }) => mid !== null).map((intent) => toMutation(intent))),
  );
  const { confirmed } = replica;
  for (const scope of confirmed.scopes()) {
    // As it is when its turn comes: packets that wait behind it begin where it ends, or are passed over.
    writer.content(scope, async (storage) => {
      const head = confirmed.position(scope);
      const entities = [...confirmed.entities(scope)].map((entity) => ({ ...entity, scope }));
      if (head) await storage.replaceScope(head, entities);
    });
  }
  profiles.storeAgain();
  await writer.idle();
}
