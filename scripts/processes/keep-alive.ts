import { setTimeout as delay } from 'node:timers/promises';
import { createBackoff } from './backoff.ts';

/** Something that runs until it ends or is stopped. */
export interface Living {
  pid: number;
  /** Settles when it has ended, for whatever reason, with words for it. */
  ended: Promise<string>;
  /** Ends it soon. */
  stop(): Promise<void>;
  /** Asks it to go in its own time, while others take over what it does. As `stop`, where it knows no difference. */
  leave?(): Promise<void>;
  kill(): void;
}

export interface KeptAlive<T extends Living> {
  /** The one that runs now; undefined between a death and the next start. */
  readonly current: T | undefined;
  /** It was asked to go: whoever hands it work hands it no more. */
  readonly isLeaving: boolean;
  /** Ends it for good. */
  stop(): Promise<void>;
  /** Ends it now, without asking. */
  kill(): void;
  /** Ends it and starts it again at once, as after a changed file. */
  restart(): Promise<void>;
  /**
   * Puts a new one in its place, and lets it go in its own time.
   *
   * @param isNewFirst the new one runs before the old one goes: nobody misses it, where two can run side by side
   * @throws if it is not running, or the new one does not start; an old one that has gone by then is tried again later
   */
  replace(options: { isNewFirst: boolean }): Promise<T>;
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
  /** `current`, and those that are on their way out. */
  const all = new Set<T>();
  /** Asked to go by us: their end is no death. */
  const dismissed = new Set<T>();
  let current: T | undefined;
  let isReplacing = false;

  const adopt = (living: T) => {
    current = living;
    all.add(living);
    const bornAt = performance.now();
    onChange(living);
    void living.ended.then(async (reason) => {
      all.delete(living);
      if (current === living) {
        current = undefined;
        onChange(undefined);
      }
      if (ending.signal.aborted || dismissed.delete(living)) return;
      await startAgain(reason, performance.now() - bornAt);
    });
  };

  /** @throws where it does not come up, or all was ended in the meantime */
  const startNext = async (): Promise<T> => {
    const living = await start();
    if (ending.signal.aborted) {
      await living.stop();
      throw new Error('it was stopped');
    }
    adopt(living);
    return living;
  };

  const startAgain = async (reason: string, livedMs: number): Promise<void> => {
    let words = `${name} ${reason}`;
    let waitMs = backoff.next(livedMs);
    while (!ending.signal.aborted) {
      say(`${words}; starting it again in ${waitMs / 1000} s.`);
      await delay(waitMs, undefined, { signal: ending.signal }).catch(() => undefined);
      if (ending.signal.aborted) return;
      try {
        const living = await startNext();
        say(`${name} is running again (process ${living.pid}).`);
        return;
      } catch (error) {
        words = `${name} did not start again: ${firstLine(error)}`;
        waitMs = backoff.next(0);
      }
    }
  };

  const oldFirst = async (old: T, go: () => Promise<void>): Promise<T> => {
    dismissed.add(old);
    await go();
    try {
      return await startNext();
    } catch (error) {
      if (!ending.signal.aborted) void startAgain(`did not start again: ${firstLine(error)}`, 0);
      throw error;
    }
  };

  const newFirst = async (old: T, go: () => Promise<void>): Promise<T> => {
    const next = await startNext();
    dismissed.add(old);
    await go();
    return next;
  };

  /** One at a time: of two that replace the same one, one would be lost. */
  const exclusively = async <R>(work: (old: T) => Promise<R>): Promise<R> => {
    if (isReplacing) throw new Error('it is being started again already');
    if (ending.signal.aborted || current === undefined) throw new Error('it is not running');
    isReplacing = true;
    try {
      return await work(current);
    } finally {
      isReplacing = false;
    }
  };

  adopt(await start());

  return {
    get current() {
      return current;
    },
    get isLeaving() {
      return current !== undefined && dismissed.has(current);
    },
    stop: async () => {
      ending.abort();
      await Promise.all([...all].map((living) => living.stop()));
    },
    kill: () => {
      ending.abort();
      for (const living of all) living.kill();
    },
    restart: () =>
      exclusively((old) => oldFirst(old, () => old.stop())).then(
        () => undefined,
        () => undefined,
      ),
    replace: ({ isNewFirst }) =>
      exclusively((old) => {
        const go = () => (old.leave ?? old.stop).call(old);
        return isNewFirst ? newFirst(old, go) : oldFirst(old, go);
      }),
  };
}

function firstLine(error: unknown): string {
  return (error as Error).message.split('\n')[0]?.replace(/[.:]$/, '') ?? '';
}
