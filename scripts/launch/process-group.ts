import { startChild, type Child, type ChildOptions } from '../processes/child.ts';
import { keepAlive, type KeptAlive } from '../processes/keep-alive.ts';

/** All gateways, or all workers: started together, kept alive one by one, in a lasting order. */
export interface ProcessGroup {
  /** Those started so far; after `start` all of them, in order. */
  readonly members: readonly KeptAlive<Child>[];
  /** Those of `current` that take newcomers: alive, and not about to leave. */
  taking(): (Child | undefined)[];
  /** One entry a place; undefined while its process is dead. */
  current(): (Child | undefined)[];
  /** @throws if one of them does not come up; the others are up by then and can be stopped */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param describe how to start the process of a place, from 0
 * @param onChange called whenever a process was started or died
 */
export function createProcessGroup({
  name,
  count,
  describe,
  say,
  onChange,
}: {
  name: string;
  count: number;
  describe: (index: number) => ChildOptions;
  say: (line: string) => void;
  onChange: () => void;
}): ProcessGroup {
  const places: (KeptAlive<Child> | undefined)[] = Array.from({ length: count }, () => undefined);

  const startOne = async (index: number) => {
    const own = `${name} ${index + 1}`;
    try {
      places[index] = await keepAlive({ name: own, start: () => startChild(describe(index)), say, onChange });
    } catch (error) {
      throw new Error(`${own} did not start: ${(error as Error).message}`, { cause: error });
    }
  };

  return {
    get members() {
      return places.filter((place) => place !== undefined);
    },
    taking: () => places.map((place) => (place?.isLeaving === false ? place.current : undefined)),
    current: () => places.map((place) => place?.current),
    start: async () => {
      const results = await Promise.allSettled(places.map((_, index) => startOne(index)));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
    stop: async () => void (await Promise.all(places.map((place) => place?.stop()))),
  };
}
