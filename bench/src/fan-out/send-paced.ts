import { setTimeout as delay } from 'node:timers/promises';

export interface Paced {
  count: number;
  everyMs: number;
}

/** Sends at an even pace. @returns how often it sent */
export async function sendPaced({ count, everyMs }: Paced, send: () => void): Promise<number> {
  const began = performance.now();
  for (let index = 0; index < count; index++) {
    const wait = began + index * everyMs - performance.now();
    if (wait > 0) await delay(wait);
    send();
  }
  return count;
}
