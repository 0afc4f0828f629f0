import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { createBrowserTabs } from './browser-tabs.ts';
import type { StepStorage } from './step-storage.ts';
import type { Step } from './step.ts';

interface Schema extends DBSchema {
  steps: { key: [string, string]; value: Step & { userId: string } };
}

const under = (userId: string) => IDBKeyRange.bound([userId], [userId, []]);

/**
 * Keeps steps in a database of their own, beside the store: losing them loses nothing but the way back, so what is torn
 * or of another version is simply left out.
 */
export function createIndexedDbSteps(name = 'muster-undo'): StepStorage {
  let opened: Promise<IDBPDatabase<Schema>> | undefined;
  const forget = () => (opened = undefined);
  const database = () =>
    (opened ??= openDB<Schema>(name, 1, {
      upgrade(db) {
        db.createObjectStore('steps', { keyPath: ['userId', 'id'] });
      },
      blocking(_current, _blocked, event) {
        (event.target as IDBDatabase).close();
        forget();
      },
      terminated: forget,
    }).catch((error: unknown) => {
      forget();
      throw error;
    }));

  return {
    tabs: createBrowserTabs(name),
    async load(userId) {
      const rows = await (await database()).getAll('steps', under(userId));
      return rows.filter(isReadable).map(({ userId: _, ...step }) => step);
    },
    async save(userId, steps, gone) {
      const tx = (await database()).transaction('steps', 'readwrite', { durability: 'relaxed' });
      await Promise.all([
        ...gone.map((id) => tx.store.delete([userId, id])),
        ...steps.map((step) => tx.store.put({ ...step, userId })),
        tx.done,
      ]);
    },
    async wipe(userId) {
      await (await database()).delete('steps', under(userId));
    },
    async close() {
      if (opened) (await opened).close();
      forget();
    },
  };
}

const isReadable = (row: Partial<Step>): boolean =>
  typeof row.label === 'string' &&
  typeof row.order === 'number' &&
  (row.state === 'done' || row.state === 'undone') &&
  Array.isArray(row.parts) &&
  row.parts.every((part) => typeof part?.nonce === 'string' && Array.isArray(part.inverse));
