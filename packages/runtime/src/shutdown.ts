import type { Logger } from './logger.ts';

/**
 * Ending a process in order and in time. Each owner registers what it opened, with the stage at which it may go:
 *
 * 1. `accept`   take nothing new: readiness off, listeners closed
 * 2. `drain`    let what runs come to its end, tell clients to go elsewhere
 * 3. `workers`  stop what works by itself: queue workers, sweepers, timers
 * 4. `stores`   close Redis and Postgres, which all of the above may still have needed
 *
 * A stage's owners close together; the next stage waits for them, but never longer than their time.
 */
export const SHUTDOWN_STAGES = ['accept', 'drain', 'workers', 'stores'] as const;
export type ShutdownStage = (typeof SHUTDOWN_STAGES)[number];

export interface Shutdown {
  /** @param timeoutMs how long the owner may take before it is left behind; 5 s */
  register(stage: ShutdownStage, owner: string, close: () => unknown, options?: { timeoutMs?: number }): void;
  /** True from the moment that the end began: readiness answers no. */
  readonly isStopping: boolean;
  /** Aborted once nobody has time: who drains lets go of what it still waits for, in order all the same. */
  readonly hurried: AbortSignal;
  /** There is no other process to go to, or somebody waits at a terminal. */
  hurry(): void;
  /** Runs it; a second call waits for the first. @returns whether every owner closed without fault and in time */
  run(reason: string): Promise<boolean>;
}

const DEFAULT_TIMEOUT_MS = 5_000;

export function createShutdown({ logger }: { logger: Logger }): Shutdown {
  const owners: { stage: ShutdownStage; owner: string; close: () => unknown; timeoutMs: number }[] = [];
  let running: Promise<boolean> | undefined;
  const haste = new AbortController();

  const closeOwner = async ({ stage, owner, close, timeoutMs }: (typeof owners)[number]): Promise<boolean> => {
    const startedAt = performance.now();
    try {
      await withTimeout(Promise.resolve().then(close), timeoutMs);
      logger.debug({ stage, owner, ms: Math.round(performance.now() - startedAt) }, 'closed');
      return true;
    } catch (err) {
      logger.error({ stage, owner, err }, 'did not close');
      return false;
    }
  };

  const runStages = async (reason: string): Promise<boolean> => {
    logger.info({ reason }, 'stopping');
    let isClean = true;
    for (const stage of SHUTDOWN_STAGES) {
      const results = await Promise.all(owners.filter((owner) => owner.stage === stage).map(closeOwner));
      isClean &&= results.every(Boolean);
    }
    logger.info({ isClean }, 'stopped');
    return isClean;
  };

  return {
    register: (stage, owner, close, { timeoutMs = DEFAULT_TIMEOUT_MS } = {}) => {
      owners.push({ stage, owner, close, timeoutMs });
    },
    get isStopping() {
      return running !== undefined;
    },
    hurried: haste.signal,
    hurry: () => haste.abort(),
    run: (reason) => (running ??= runStages(reason)),
  };
}

/** The parts of `process` that matter here, so that tests can pass their own. */
export interface ProcessLike {
  on(event: string, listener: (argument: unknown) => void): unknown;
  exit(code: number): void;
}

/**
 * Ties a process's life to its shutdown. SIGTERM takes the time that draining takes: others go on, and take over. SIGINT
 * hurries, since all of it ends; so does a second signal, and the one after that kills. A fault that nobody caught ends
 * the process too, after it was logged. Under a launcher the end of the IPC channel means that the launcher is gone:
 * nobody would ever stop us, so we go too.
 */
export function endWithProcess(
  shutdown: Shutdown,
  { process, logger }: { process: ProcessLike; logger: Logger },
): void {
  const stop = (reason: string, code: number) => {
    void shutdown.run(reason).then((isClean) => process.exit(isClean ? code : 1));
  };
  const stopSoon = (reason: string, code: number) => {
    shutdown.hurry();
    stop(reason, code);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      if (!shutdown.isStopping) return signal === 'SIGINT' ? stopSoon(signal, 0) : stop(signal, 0);
      if (!shutdown.hurried.aborted) {
        logger.info({ signal }, 'second signal: ending soon');
        return shutdown.hurry();
      }
      logger.warn({ signal }, 'another signal: ending at once');
      process.exit(130);
    });
  }
  process.on('disconnect', () => stopSoon('the launcher is gone', 0));
  for (const fault of ['uncaughtException', 'unhandledRejection']) {
    process.on(fault, (err) => {
      logger.fatal({ err, fault }, 'nobody caught this');
      if (shutdown.isStopping) process.exit(1);
      else stopSoon(fault, 1);
    });
  }
}

async function withTimeout(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
