import type { Hint } from '@muster/domain/command';
import type { RedisNames } from '@muster/protocol/internal/channels';
import { agentRunJobId, QUEUES } from '@muster/protocol/internal/jobs';
import type { Logger } from '@muster/runtime/logger';
import type { RedisConnections } from '@muster/runtime/redis';
import type { Tracing } from '@muster/runtime/tracing';
import { Queue } from 'bullmq';

export interface HintSender {
  /** Never throws and is never awaited: rows are the truth, and a sweeper repairs a hint that was lost. */
  send(hints: Hint[]): void;
  close(): Promise<void>;
}

/** What follows a commit: the run's job, the poke that stops it. */
export function createHintSender({
  redis,
  names,
  logger,
  tracing,
}: {
  redis: RedisConnections;
  names: RedisNames;
  logger: Logger;
  tracing: Tracing;
}): HintSender {
  const queue = new Queue(QUEUES.runs, {
    connection: redis.get('queueProducer') as never,
    prefix: names.queuePrefix,
    // While Redis is away an add fails at once, instead of holding its promise until it is back.
    skipWaitingForReady: true,
  });
  queue.on('error', (err) => logger.debug({ err }, 'the queue of runs'));

  const sendOne = async (hint: Hint): Promise<void> => {
    switch (hint.hint) {
      case 'run': {
        const { runId, attempt } = hint;
        const jobId = agentRunJobId(runId, attempt);
        const attributes = { 'messaging.system': 'bullmq', 'muster.run.id': runId };
        await tracing.span('enqueue', { kind: 'producer', attributes }, () => {
          const trace = tracing.carry();
          const data = { runId, ...(trace === undefined ? {} : { trace }) };
          return queue.add('agent-run', data, { jobId, removeOnComplete: true, removeOnFail: true });
        });
        return;
      }
      case 'stop':
        await redis.get('publisher').publish(names.stopChannel, hint.runId);
        return;
      case 'mail':
        // No mail is set up: the invitation waits for its address to sign up.
        return;
    }
  };

  return {
    send: (hints) => {
      for (const hint of hints) {
        sendOne(hint).catch((err: unknown) => logger.warn({ err, hint: hint.hint }, 'a hint was lost'));
      }
    },
    close: () => queue.close(),
  };
}
