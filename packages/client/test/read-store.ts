import type { StoragePort, StoredEntity } from '../src/types.ts';

/** What a storage holds, its entities one by one. */
export async function readStore(storage: StoragePort) {
  const { content, ...loaded } = await storage.load();
  const entities = [...content].flatMap(([scope, byType]) =>
    [...byType].flatMap(([type, byId]) => [...byId].map(([id, value]): StoredEntity => ({ scope, type, id, value }))),
  );
  return { ...loaded, entities };
}
