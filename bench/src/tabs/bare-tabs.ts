import type { Page } from 'playwright-core';

declare global {
  interface Window {
    bareEdit(n: number): Promise<number>;
    bareHeardAt: Map<number, number>;
  }
}

/** The least that could pass an edit on that is safe: a row written to the disk for good, then a BroadcastChannel. */
export async function prepareBareTabs(from: Page, to: Page): Promise<void> {
  await to.evaluate(() => {
    window.bareHeardAt = new Map();
    new BroadcastChannel('bare').onmessage = ({ data }: MessageEvent<{ n: number }>) =>
      window.bareHeardAt.set(data.n, performance.timeOrigin + performance.now());
  });
  await from.evaluate(async () => {
    const channel = new BroadcastChannel('bare');
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open('bare', 1);
      opening.onupgradeneeded = () => void opening.result.createObjectStore('rows', { keyPath: 'n' });
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error ?? new Error('no database'));
    });
    window.bareEdit = (n) => {
      const began = performance.timeOrigin + performance.now();
      const tx = database.transaction('rows', 'readwrite', { durability: 'strict' });
      tx.objectStore('rows').put({ n, title: `Row ${n}` });
      return new Promise((resolve) => {
        tx.oncomplete = () => {
          channel.postMessage({ n });
          resolve(began);
        };
      });
    };
  });
}

/** @returns how long the row took from tab to tab */
export async function passBare(from: Page, to: Page, n: number): Promise<number> {
  const began = await from.evaluate((row) => window.bareEdit(row), n);
  const heard = await to.waitForFunction((row) => window.bareHeardAt.get(row), n, { polling: 20 });
  return ((await heard.jsonValue()) as number) - began;
}
