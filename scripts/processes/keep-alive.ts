import { setTimeout as delay } from 'node:timers/promises';
import { createBackoff } from './backoff.ts';

/** Something that runs until it ends or is stopped. */
export interface Living {
  pid: number;
  /** Settles when it has ended, for whatever reason, with words for it. */
  ended: Promise<string>;
  stop(): Promise<void>;
  kill(): void;
}

export interface KeptAlive<T extends Living> {
  /** The one that runs now; undefined between a death and the next start. */
  readonly current: T | undefined;
  /** Ends it for good. */
  stop(): Promise<void>;
  /** Ends it now, without asking. */
  kill(): void;
  /** Ends it and starts it again at once, as after a changed file. */
  restart(): Promise<void>;
}

/**
 * Starts something and starts it again whenever it dies, waiting longer each time.
 *
 * @param start gives the living thing, or throws; the very first fault is passed on, later ones are told and tried again
 * @param onChange called after each start and death, with `current` already new
 */
export async function keepAlive<T extends Living>({
  name,
  start,
  say,
  onChange = () => undefined,
}: {
  name: string;
  start: () => Promise<T>;
  say: (line: string) => void;
  onChange?: (current: T | undefined) => void;
}): Promise<KeptAlive<T>> {
  const backoff = createBackoff();
  const ending = new AbortController();
  let current: T | undefined;
  let isRestarting = false;

  const adopt = (living: T) => {
    current = living;
    const bornAt = performance.now();
    onChange(living);
    void living.ended.then(async (reason) => {
      current = undefined;
      onChange(undefined);
      if (ending.signal.aborted || isRestarting) return;
      await startAgain(reason, performance.now() - bornAt);
    });
  };

  const startAgain = async (reason: string, livedMs: number): Promise<void> => {
    let words = `${name} ${reason}`;
    let waitMs = backoff.next(livedMs);
    while (!ending.signal.aborted) {
      say(`${words}; starting it again in ${waitMs / 1000} s.`);
      await delay(waitMs, undefined, { signal: ending.signal }).catch(() => undefined);
      if (ending.signal.aborted) return;
      try {
        const living = await start();
        if (ending.signal.aborted) return await living.stop();
        adopt(living);
        say(`${name} is running again (process ${living.pid}).`);
        return;
      } catch (error) {
        words = `${name} did not start again: ${firstLine(error)}`;
        waitMs = backoff.next(0);
      }
    }
  };

  adopt(await start());

  return {
    get current() {
      return current;
    },
    stop: async () => {
      ending.abort();
      await current?.stop();
    },
    kill: () => {
      ending.abort();
      current?.kill();
    },
    restart: async () => {
      if (isRestarting || ending.signal.aborted || current === undefined) return;
      isRestarting = true;
      try {
        await current.stop();
        adopt(await start());
      } catch (error) {
        void startAgain(`did not start again: ${firstLine(error)}`, 0);
      } finally {
        isRestarting = false;
      }
    },
  };
}

function firstLine(error: unknown): string {
  return (error as Error).message.split('\n')[0]?.replace(/[.:]$/, '') ?? '';
}
