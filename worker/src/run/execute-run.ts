import type { Commit } from '@muster/db/commit/types';
import type { RunWork, RunWorkRepository } from '@muster/db/repositories/run-work.repository';
import { isEnded, type RunError } from '@muster/protocol/run';
import type { Logger } from '@muster/runtime/logger';
import { attemptRun, type AttemptDeps } from './attempt-run.ts';
import { createAttemptGuard } from './attempt-guard.ts';
import { countBrokenAttempts } from './broken-attempts.ts';
import type { ActiveRuns } from './active-runs.ts';
import type { GuardReader } from './guard-reader.ts';
import { SILENT_AFTER_MS, startHeartbeat } from './heartbeat.ts';
import { Interruption } from './interruption.ts';
import { pause } from './pause.ts';
import { actorFor, commitPatiently } from './run-commit.ts';
import type { RunOutcome } from './run-outcome.ts';
import type { RunQueue } from './run-queue.ts';

export interface ExecuteDeps extends Omit<AttemptDeps, 'guard' | 'run'> {
  commit: Commit;
  runs: RunWorkRepository;
  guards: GuardReader;
  active: ActiveRuns;
  queue: RunQueue;
  logger: Logger;
  onEnd?: (outcome: RunOutcome, seconds: number) => void;
}

/** Attempts that one job may make by itself, where the model broke off in the middle of its words. */
const ATTEMPTS_IN_A_JOB = 3;
const AGAIN_AFTER_MS = 300;
/** Attempts of a run that may break off: one that kills its workers must not do so for ever. */
const BROKEN_ATTEMPTS_OF_A_RUN = 8;

/** Works on a run until it is over or is not ours any more. Whatever happens, its thread's next run is queued then. */
export async function executeRun(deps: ExecuteDeps, runId: string): Promise<RunOutcome> {
  const run = await deps.runs.findRun(runId);
  if (!run) return 'absent';
  try {
    return await workOn(deps, run);
  } finally {
    await deps.queue
      .addNextOf(run.scope)
      .catch((err: unknown) => deps.logger.warn({ err, runId }, 'next run not queued'));
  }
}

async function workOn(deps: ExecuteDeps, run: RunWork): Promise<RunOutcome> {
  if (isEnded(run.status)) return 'ended';
  if (run.status === 'running') {
    if ((run.silentMs ?? Infinity) < SILENT_AFTER_MS) return 'busy';
    await submit(deps, run, 'run.requeue', { attempt: run.attempt });
  }
  const startedAt = performance.now();
  for (let tries = 1; ; tries++) {
    // The first beat comes before the claim: a sweeper that saw the claim without it would take the run away at once.
    const [{ isBusy, next }] = await Promise.all([deps.runs.readThread(run.scope), deps.runs.beat(run.id)]);
    if (isBusy || next?.runId !== run.id) return 'busy';
    // As long as even all of them are few enough, nobody has to look which they were.
    const isYoung = next.attempt + 1 < BROKEN_ATTEMPTS_OF_A_RUN;
    const broken = isYoung ? next.attempt : await countBrokenAttempts(deps.runs, next);
    if (broken >= BROKEN_ATTEMPTS_OF_A_RUN) {
      return endQueued(deps, run, { code: 'internal', message: 'This broke off again and again, so I have given up.' });
    }
    const isLast = tries >= ATTEMPTS_IN_A_JOB || broken + 1 >= BROKEN_ATTEMPTS_OF_A_RUN;
    const outcome = await claimAndAttempt(deps, run, isLast);
    if (outcome === 'again') {
      await pause(AGAIN_AFTER_MS * tries);
      continue;
    }
    if (outcome !== 'busy') {
      const seconds = (performance.now() - startedAt) / 1000;
      deps.logger.info({ runId: run.id, askerId: run.askerId, outcome, ms: Math.round(seconds * 1000) }, 'run');
      deps.onEnd?.(outcome, seconds);
    }
    return outcome;
  }
}

async function claimAndAttempt(deps: ExecuteDeps, run: RunWork, isLast: boolean): Promise<RunOutcome | 'again'> {
  const claim = await submit(deps, run, 'run.claim', {});
  if (claim.status === 'rejected') {
    if (claim.error.code === 'conflict') return 'busy';
    // Whoever asked has lost their rights before it began.
    return endQueued(deps, run, {
      code: 'forbidden',
      message: 'Whoever asked may not change this list any more.',
    });
  }
  if (claim.status !== 'applied') return 'busy';
  const { attempt } = claim.results[0] as { attempt: number };
  const guard = createAttemptGuard({ runId: run.id, attempt, reader: deps.guards });
  const heartbeat = startHeartbeat(
    async () => {
      // Looked at here too: a poke may be lost while the model is silent. Only who still has the run says that it lives.
      await guard.check();
      await deps.runs.beat(run.id);
    },
    (err) => {
      if (!(err instanceof Interruption)) deps.logger.warn({ err, runId: run.id }, 'no heartbeat');
    },
  );
  deps.active.add(guard);
  try {
    return await attemptRun({ ...deps, run, guard }, isLast);
  } finally {
    heartbeat.stop();
    deps.active.remove(guard);
  }
}

/** Ends a run that nobody has claimed. */
async function endQueued(deps: ExecuteDeps, run: RunWork, error: RunError): Promise<RunOutcome> {
  const fresh = await deps.runs.findRun(run.id);
  if (fresh?.status !== 'queued') return fresh ? 'ended' : 'absent';
  await submit(deps, run, 'run.end', { attempt: fresh.attempt, status: 'failed', error });
  return 'failed';
}

const submit = (deps: ExecuteDeps, run: RunWork, name: string, args: Record<string, unknown>) =>
  commitPatiently(deps.commit, {
    actor: actorFor(run.askerId),
    commands: [{ name, args: { runId: run.id, ...args } }],
    run: { runId: run.id },
    trusted: true,
  });
