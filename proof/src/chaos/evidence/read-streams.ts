import { parseRunStreamEntry, RUN_STREAM_FIELD } from '@muster/protocol/internal/run-stream';
import { redisNames } from '@muster/protocol/internal/channels';
import { Redis } from 'ioredis';

/** Of words in a run's stream: the access epoch under which each flush was written, by attempt, item and offset. */
export type WordEpochs = Map<string, number>;

export const wordKey = (attempt: number, itemId: string, offset: number): string => `${attempt} ${itemId} ${offset}`;

/** What a killed Redis has forgotten is missing here, and is not judged. */
export async function readWordEpochs(url: string, prefix: string, runIds: string[]): Promise<WordEpochs> {
  const names = redisNames(prefix);
  const redis = new Redis(url);
  const epochs: WordEpochs = new Map();
  try {
    for (const runId of runIds) {
      for (const [, fields] of await redis.xrange(names.runStream(runId), '-', '+')) {
        const entry = parseRunStreamEntry(fields[fields.indexOf(RUN_STREAM_FIELD) + 1] ?? '');
        if (entry?.k === 'text') epochs.set(wordKey(entry.a, entry.i, entry.o), entry.e);
      }
    }
    return epochs;
  } finally {
    redis.disconnect();
  }
}
