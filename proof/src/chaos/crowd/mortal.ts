import { realClock } from '@muster/client/clock';
import type {
  Clock,
  PendingMutation,
  StoragePort,
  TabSeat,
  Transport,
  TransportConnection,
} from '@muster/client/types';

/** One life of a client, which can end as a crashed tab does: at once, in the middle of anything. */
export class Life {
  #isOver = false;
  #atEnd: (() => void)[] = [];

  get isOver(): boolean {
    return this.#isOver;
  }

  end(): void {
    this.#isOver = true;
    for (const act of this.#atEnd.splice(0)) act();
  }

  atEnd(act: () => void): void {
    this.#atEnd.push(act);
  }
}

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** Timers of a client that is dead do nothing. */
export const mortalClock = (life: Life): Clock => ({
  ...realClock,
  setTimeout: (run, ms) => realClock.setTimeout(() => void (life.isOver || run()), ms),
});

/**
 * A disk that goes on without the client that is dead: what was on its way to it may have landed, but nobody hears.
 *
 * @param kept told of each mutation that is on the disk
 */
export function mortalStorage(disk: StoragePort, life: Life, kept: (mutation: PendingMutation) => void): StoragePort {
  const tabs: StoragePort['tabs'] = {
    join(hear) {
      const seat: TabSeat = disk.tabs.join((message) => void (life.isOver || hear(message)));
      life.atEnd(() => seat.leave());
      return seat;
    },
  };
  return new Proxy(disk, {
    get(target, name) {
      if (name === 'tabs') return tabs;
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]) => {
        if (life.isOver) return never();
        const result: unknown = await (member as (...given: unknown[]) => unknown).apply(target, args);
        if (name === 'enqueue') kept(result as PendingMutation);
        return life.isOver ? never() : result;
      };
    },
  });
}

/** A connection that ends with its client, as the system closes the sockets of a process that died. */
export const mortalTransport = (transport: Transport, life: Life): Transport => ({
  connect(url, auth, events) {
    const dead: TransportConnection = { send: () => undefined, close: () => undefined };
    if (life.isOver) return dead;
    const alive =
      <A extends unknown[]>(hear: (...args: A) => void) =>
      (...args: A) =>
        void (life.isOver || hear(...args));
    const connection = transport.connect(url, auth, {
      opened: alive(() => events.opened()),
      received: alive((event: string, data: unknown) => events.received(event, data)),
      closed: alive((reason: string) => events.closed(reason)),
      refused: alive((error: Parameters<typeof events.refused>[0]) => events.refused(error)),
    });
    life.atEnd(() => connection.close());
    return {
      send: (event, data, answer) => connection.send(event, data, alive(answer)),
      close: () => connection.close(),
    };
  },
});
