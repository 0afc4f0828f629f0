import type { Clock, StoragePort, Transport, Turn } from '../src/types.ts';

/**
 * A tab that its browser may freeze: nothing of it runs, and what comes meanwhile (news, packets, timers that are due, its
 * lock's loss) is there in order once it thaws.
 */
export class Freezer {
  #isFrozen = false;
  #held: (() => void)[] = [];

  freeze(): void {
    this.#isFrozen = true;
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const job of this.#held.splice(0)) job();
  }

  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      random: () => clock.random(),
      setTimeout: (run, ms) => clock.setTimeout(() => this.#run(run), ms),
    };
  }

  transport(transport: Transport): Transport {
    return {
      connect: (url, auth, events) => {
        const connection = transport.connect(url, auth, {
          opened: () => this.#run(() => events.opened()),
          received: (event, data) => this.#run(() => events.received(event, data)),
          closed: (reason) => this.#run(() => events.closed(reason)),
          refused: (error) => this.#run(() => events.refused(error)),
        });
        return {
          send: (event, data, answer) => connection.send(event, data, (ack) => this.#run(() => answer(ack))),
          close: () => connection.close(),
        };
      },
    };
  }

  storage(storage: StoragePort): StoragePort {
    const wrap = (turn: Turn): Turn => ({
      started: () => this.#run(() => turn.started()),
      lost: () => this.#run(() => turn.lost()),
    });
    const tabs: StoragePort['tabs'] = {
      join: (hear) => {
        const seat = storage.tabs.join((message) => this.#run(() => hear(message)));
        return { ...seat, lead: (turn) => seat.lead(wrap(turn)), steal: (turn) => seat.steal(wrap(turn)) };
      },
    };
    return new Proxy(storage, {
      get: (target, name) => (name === 'tabs' ? tabs : (target[name as keyof StoragePort] as unknown)),
    });
  }

  #run(job: () => void): void {
    if (this.#isFrozen) this.#held.push(job);
    else job();
  }
}
