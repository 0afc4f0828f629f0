import { setTimeout as delay } from 'node:timers/promises';

export interface Paced {
  count: number;
  everyMs: number;
}

/** What a peer is to send: its sockets are divided among so many rooms, and each turn goes to the next one. */
export interface RoundOfRooms extends Paced {
  text: string;
  rooms: number;
}

/** Sends at an even pace. */
export async function sendPaced({ count, everyMs }: Paced, send: (turn: number) => void): Promise<void> {
  const began = performance.now();
  for (let turn = 0; turn < count; turn++) {
    const wait = began + turn * everyMs - performance.now();
    if (wait > 0) await delay(wait);
    send(turn);
  }
}
