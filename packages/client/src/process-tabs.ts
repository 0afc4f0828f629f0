import type { TabsPort } from './types.ts';

interface Seat {
  hear(message: unknown): void;
  start: (() => void) | undefined;
}

/** Clients on one store in one process hear each other like tabs do; the one that came first pushes. */
export function createProcessTabs(): TabsPort {
  const seats = new Set<Seat>();
  let leader: Seat | undefined;

  function elect(): void {
    if (leader) return;
    leader = [...seats].find(({ start }) => start);
    leader?.start?.();
  }

  return {
    join(hear) {
      const seat: Seat = { hear, start: undefined };
      seats.add(seat);
      return {
        post(message) {
          const copy = structuredClone(message);
          for (const other of seats) if (other !== seat) queueMicrotask(() => seats.has(other) && other.hear(copy));
        },
        lead(start) {
          seat.start = start;
          elect();
        },
        leave() {
          seats.delete(seat);
          if (leader !== seat) return;
          leader = undefined;
          elect();
        },
      };
    },
  };
}
