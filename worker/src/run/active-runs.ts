import type { AttemptGuard } from './attempt-guard.ts';
import { Interruption } from './interruption.ts';

/** The runs that this process works on. */
export interface ActiveRuns {
  readonly size: number;
  add(guard: AttemptGuard): void;
  remove(guard: AttemptGuard): void;
  /** Somebody may have asked a run to stop: looks at its row. Others' runs are ignored. */
  poke(runId: string): void;
  /** Ends all of them, and whatever is added later, to be handed back. */
  interruptAll(): void;
  /** Resolves once none is left. */
  whenIdle(): Promise<void>;
}

export function createActiveRuns(onFault: (error: unknown) => void): ActiveRuns {
  const guards = new Map<string, AttemptGuard>();
  const idle: (() => void)[] = [];
  let isOver = false;
  return {
    get size() {
      return guards.size;
    },
    add(guard) {
      guards.set(guard.runId, guard);
      // Claimed in the last moment: nobody would ever end it.
      if (isOver) guard.interrupt(new Interruption('shutdown'));
    },
    remove(guard) {
      if (guards.get(guard.runId) === guard) guards.delete(guard.runId);
      if (guards.size === 0) for (const resolve of idle.splice(0)) resolve();
    },
    poke(runId) {
      // The row decides: a poke alone, from whomever, stops nothing.
      void guards
        .get(runId)
        ?.check()
        .catch((error: unknown) => {
          if (!(error instanceof Interruption)) onFault(error);
        });
    },
    interruptAll() {
      isOver = true;
      for (const guard of guards.values()) guard.interrupt(new Interruption('shutdown'));
    },
    whenIdle: () => (guards.size === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))),
  };
}
