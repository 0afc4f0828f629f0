import { StorageFault } from '../src/storage-faults.ts';
import type { StoragePort } from '../src/types.ts';

/** Everything that needs space, by what it needs it for. */
const CONTENT = ['replaceScope', 'applyPacket'] as const;
const QUEUE = ['enqueue', 'keep'] as const;

/**
 * A storage whose disk a test fills. Content may have to go before the queue finds room: `needs` says how many scopes
 * may stay.
 */
export function createFullDisk(storage: StoragePort) {
  const disk = { isFull: false, needs: Infinity, isBroken: false, persisted: 0, evicted: [] as string[] };
  async function check(what: 'content' | 'queue'): Promise<void> {
    if (disk.isBroken) throw new Error('the backing store failed');
    if (disk.isFull) throw new StorageFault('full');
    const { scopes } = await storage.load();
    if (scopes.length > disk.needs || (what === 'content' && scopes.length >= disk.needs))
      throw new StorageFault('full');
  }
  const port: StoragePort = { ...storage };
  for (const name of CONTENT)
    Object.assign(port, {
      [name]: async (...args: never[]) => {
        await check('content');
        return (storage[name] as (...args: never[]) => unknown)(...args);
      },
    });
  for (const name of QUEUE)
    Object.assign(port, {
      [name]: async (...args: never[]) => {
        await check('queue');
        return (storage[name] as (...args: never[]) => unknown)(...args);
      },
    });
  port.evict = async (scopes) => {
    disk.evicted.push(...scopes);
    await storage.evict(scopes);
  };
  port.persist = async () => (disk.persisted += 1) > 0;
  port.estimate = async () => ({ usageBytes: 90, quotaBytes: 100 });
  return { port, disk };
}
