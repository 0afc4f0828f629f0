import type { RedisNames } from '@muster/protocol/internal/channels';
import {
  RUN_STREAM_FIELD,
  RUN_STREAM_LENGTH,
  RUN_STREAM_TTL_MS,
  type NewRunStreamEntry,
} from '@muster/protocol/internal/run-stream';
import type { Redis } from 'ioredis';
import { Interruption } from './interruption.ts';

/**
 * Appends an entry, wakes the watching gateways and renews the expiry, in one call: a gateway that is woken finds the
 * entry. The number counts on from the stream's last, or from what this writer appended last where the stream was lost.
 * A higher attempt takes the stream over; a lower one is refused, which is what keeps a frozen worker that comes back
 * from writing beside its successor.
 */
const APPEND = `
local attempt = tonumber(ARGV[1])
local holder = tonumber(redis.call('GET', KEYS[2]) or '-1')
if holder > attempt then return {-1, 0} end
redis.call('SET', KEYS[2], attempt, 'PX', ARGV[3])
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local n = tonumber(ARGV[2])
local isEmpty = 1
if last[1] then
  isEmpty = 0
  n = math.max(n, tonumber(string.match(last[1][1], '^(%d+)')))
end
n = n + 1
local entry = '{"n":' .. string.format('%d', n) .. ',' .. string.sub(ARGV[6], 2)
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], string.format('%d-0', n), '${RUN_STREAM_FIELD}', entry)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[5], entry)
return {n, isEmpty}
`;

interface WithAppend {
  appendRunEntry(...args: (string | number)[]): Promise<[number, number]>;
}

/** One run's stream, for one attempt to write. */
export interface RunStream {
  /**
   * @returns `isLost`: the stream was empty although this attempt had written to it (Redis came back without its data)
   * @throws {Interruption} `superseded` where a higher attempt holds the stream
   */
  append(entry: NewRunStreamEntry): Promise<{ isLost: boolean }>;
}

/** @param redis a connection that fails rather than waits for long: what could not be appended is appended later */
export function createRunStream({
  redis,
  names,
  runId,
}: {
  redis: Redis;
  names: RedisNames;
  runId: string;
}): RunStream {
  if (!('appendRunEntry' in redis)) redis.defineCommand('appendRunEntry', { numberOfKeys: 2, lua: APPEND });
  const commands = redis as unknown as WithAppend;
  let last = 0;
  return {
    async append(entry) {
      const [n, isEmpty] = await commands.appendRunEntry(
        names.runStream(runId),
        names.runAttempt(runId),
        entry.a,
        last,
        RUN_STREAM_TTL_MS,
        RUN_STREAM_LENGTH,
        names.runChannel(runId),
        JSON.stringify(entry),
      );
      if (n < 0) throw new Interruption('superseded');
      const isLost = isEmpty === 1 && last > 0;
      last = n;
      return { isLost };
    },
  };
}
