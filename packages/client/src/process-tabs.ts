import type { TabsPort, Turn } from './types.ts';

interface Seat {
  hear(message: unknown): void;
}

/** Clients on one store in one process hear each other like tabs do; the first in the line pushes. */
export function createProcessTabs(): TabsPort {
  const seats = new Set<Seat>();
  /** Those who want to push; the first does. */
  let line: { seat: Seat; turn: Turn }[] = [];

  function change(next: typeof line): void {
    const [was] = line;
    line = next;
    const [is] = line;
    if (is && is !== was) is.turn.started();
  }

  return {
    join(hear) {
      const seat: Seat = { hear };
      seats.add(seat);
      const others = () => line.filter((place) => place.seat !== seat);
      return {
        post(message) {
          const copy = structuredClone(message);
          for (const other of seats) if (other !== seat) queueMicrotask(() => seats.has(other) && other.hear(copy));
        },
        lead: (turn) => change([...others(), { seat, turn }]),
        steal(turn) {
          const [leader, ...waiting] = line;
          const isTheirs = leader !== undefined && leader.seat !== seat;
          change([{ seat, turn }, ...(isTheirs ? waiting : others()).filter((place) => place.seat !== seat)]);
          if (isTheirs) leader.turn.lost();
        },
        rest: () => change(others()),
        leave() {
          seats.delete(seat);
          change(others());
        },
      };
    },
  };
}
