import { redisNames } from '@muster/protocol/internal/channels';
import {
  parseRunStreamEntry,
  RUN_STREAM_FIELD,
  RUN_STREAM_TTL_MS,
  type RunStreamEntry,
} from '@muster/protocol/internal/run-stream';
import type { RunGuard } from '@muster/db/repositories/run-work.repository';
import { createTestRedis } from '@muster/testing/redis';
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { createAttemptGuard, type AttemptGuard } from './attempt-guard.ts';
import { createFlushPace, type FlushPace } from './flush-pace.ts';
import { interruptionOf } from './interruption.ts';
import { messageItem } from './item-log.ts';
import { createRunStream } from './run-stream.ts';
import { createRunWriter, type RunWriter } from './run-writer.ts';

const { url, prefix } = createTestRedis();
const names = redisNames(prefix);
let redis: Redis;
let subscriber: Redis;
beforeAll(() => {
  redis = new Redis(url);
  subscriber = new Redis(url);
});
afterAll(() => {
  redis.disconnect();
  subscriber.disconnect();
});

let runId: string;
let row: RunGuard;
const faults: unknown[] = [];
beforeEach(() => {
  runId = randomUUID();
  row = { status: 'running', attempt: 1, stopRequestedBy: null, aclEpoch: 5 };
  faults.length = 0;
});

function writerOf(
  attempt: number,
  appendsOn = redis,
  pace: FlushPace = createFlushPace(),
): { writer: RunWriter; guard: AttemptGuard } {
  const guard = createAttemptGuard({
    runId,
    attempt,
    reader: { read: () => Promise.resolve({ ...row }) },
  });
  const stream = createRunStream({ redis: appendsOn, names, runId });
  return { guard, writer: createRunWriter({ guard, stream, onFault: (error) => faults.push(error), pace }) };
}

async function entries(): Promise<RunStreamEntry[]> {
  const stored = await redis.xrange(names.runStream(runId), '-', '+');
  return stored.map(([id, fields]) => {
    expect(fields[0]).toBe(RUN_STREAM_FIELD);
    const entry = parseRunStreamEntry(fields[1] ?? '');
    if (!entry) throw new Error(`cannot be read: ${fields[1]}`);
    expect(id).toBe(`${entry.n}-0`);
    return entry;
  });
}

/** What a viewer makes of the stream, by the rules of the wire. */
function textOf(all: RunStreamEntry[]): string {
  let text = '';
  for (const entry of all) {
    if (entry.k === 'status' && entry.d.rewind) text = '';
    if (entry.k !== 'text') continue;
    expect(entry.o, 'a gap in the text').toBeLessThanOrEqual(text.length);
    text = text.slice(0, entry.o) + entry.d;
  }
  return text;
}

it('numbers entries 1, 2, 3, publishes each as it is stored, and lets them expire', async () => {
  const published: string[] = [];
  await subscriber.subscribe(names.runChannel(runId));
  subscriber.on('message', (_channel, message: string) => published.push(message));
  const { writer } = writerOf(1);
  await writer.open(undefined);
  writer.text(0, 'Hello');
  await writer.drain();
  await writer.items([messageItem(runId, 0, 'done')]);
  await writer.status('completed');
  const all = await entries();
  expect(all.map((entry) => [entry.n, entry.k])).toEqual([
    [1, 'status'],
    [2, 'item'],
    [3, 'text'],
    [4, 'item'],
    [5, 'status'],
  ]);
  expect(all.every((entry) => entry.e === 5 && entry.a === 1)).toBe(true);
  await expect.poll(() => published.map((message) => parseRunStreamEntry(message))).toEqual(all);
  expect(await redis.pttl(names.runStream(runId))).toBeGreaterThan(RUN_STREAM_TTL_MS - 10_000);
});

it('lets the first words leave at once and coalesces the next by the clock', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  // Looks without moving the clock, as vi.waitFor would.
  const shows = async (text: string): Promise<void> => {
    for (let looks = 0; looks < 300 && textOf(await entries()) !== text; looks++);
    expect(textOf(await entries())).toBe(text);
  };
  try {
    const { writer } = writerOf(1);
    writer.text(0, 'One');
    await shows('One');
    for (const word of [' two', ' three', ' four']) writer.text(0, word);
    await shows('One');
    vi.advanceTimersByTime(30);
    await shows('One two three four');
    expect((await entries()).filter((entry) => entry.k === 'text')).toHaveLength(2);
    // A thousand units do not wait for the window.
    writer.text(0, 'x'.repeat(600));
    writer.text(0, 'y'.repeat(600));
    await shows(`One two three four${'x'.repeat(600)}${'y'.repeat(600)}`);
  } finally {
    vi.useRealTimers();
  }
});

it('keeps the text exact where deltas cut characters in halves', async () => {
  const { writer } = writerOf(1);
  const text = 'Grüße 👋🏽 aus 東京 — 🇫🇷!'.repeat(20);
  for (const unit of text.split('')) {
    writer.text(0, unit);
    // What ends with half a pair is taken to stay so: drained is only what has its last word.
    if (Math.random() < 0.05 && unit.isWellFormed()) await writer.drain();
    else if (Math.random() < 0.05) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await writer.drain();
  expect(textOf(await entries())).toBe(text);
});

it('writes nothing once a higher attempt has the stream', async () => {
  const zombie = writerOf(1);
  await zombie.writer.open(undefined);
  zombie.writer.text(0, 'Old');
  await zombie.writer.drain();
  const successor = writerOf(2);
  row.attempt = 2;
  await successor.writer.open({ itemId: `${runId}:0`, offset: 0 });
  const before = await entries();
  zombie.writer.text(0, ' words');
  await zombie.writer.drain();
  await zombie.writer.items([messageItem(runId, 0, 'done')]);
  await zombie.writer.status('completed');
  expect(await entries()).toEqual(before);
  expect(interruptionOf(zombie.guard.signal)?.reason).toBe('superseded');
  successor.writer.text(0, 'New');
  await successor.writer.drain();
  expect(textOf(await entries())).toBe('New');
});

it('is refused by the stream itself where the row was read too early', async () => {
  const zombie = writerOf(1);
  await writerOf(2).writer.open(undefined);
  // The row still says attempt 1: read just before the claim.
  zombie.writer.text(0, 'late');
  await zombie.writer.drain();
  expect((await entries()).filter((entry) => entry.k === 'text')).toEqual([]);
  expect(interruptionOf(zombie.guard.signal)?.reason).toBe('superseded');
});

it('writes nothing once the row has another attempt, also before that one has opened the stream', async () => {
  const { writer, guard } = writerOf(1);
  writer.text(0, 'Shown');
  await writer.drain();
  row.attempt = 2;
  writer.text(0, ' never shown');
  await writer.drain();
  expect(textOf(await entries())).toBe('Shown');
  expect(interruptionOf(guard.signal)?.reason).toBe('superseded');
});

it('stops before the flush once the row says stop', async () => {
  const { writer, guard } = writerOf(1);
  writer.text(0, 'Shown');
  await writer.drain();
  row.stopRequestedBy = randomUUID();
  writer.text(0, ' never shown');
  await writer.drain();
  expect(textOf(await entries())).toBe('Shown');
  expect(interruptionOf(guard.signal)?.reason).toBe('stop');
  expect(writer.openText).toEqual({ n: 0, text: 'Shown never shown' });
});

it('carries the epoch of the moment of each flush', async () => {
  const { writer } = writerOf(1);
  writer.text(0, 'a');
  await writer.drain();
  row.aclEpoch = 6;
  writer.text(0, 'b');
  await writer.drain();
  await writer.items([messageItem(runId, 0, 'done')]);
  expect((await entries()).map((entry) => entry.e)).toEqual([5, 5, 6, 6]);
});

it('sends its text again from the beginning where Redis came back empty', async () => {
  const { writer } = writerOf(1);
  writer.text(0, 'Before');
  await writer.drain();
  const last = (await entries()).at(-1)?.n ?? 0;
  await redis.del(names.runStream(runId), names.runAttempt(runId));
  writer.text(0, ' and after');
  await writer.drain();
  const all = await entries();
  expect(all[0]?.n).toBe(last + 1);
  // Whoever begins to read here finds the item and all of its text.
  const from = all.findIndex((entry) => entry.k === 'item');
  expect(textOf(all.slice(from))).toBe('Before and after');
});

it('keeps what it could not append, and a fault of Redis ends nothing', async () => {
  const broken = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0, lazyConnect: true });
  broken.on('error', () => undefined);
  const { writer, guard } = writerOf(1, broken);
  writer.text(0, 'Kept');
  await writer.drain();
  expect(faults.length).toBeGreaterThan(0);
  expect(guard.signal.aborted).toBe(false);
  await expect.poll(() => broken.status).toBe('ready');
  await writer.drain();
  expect((await entries()).map((entry) => entry.k)).toEqual(['item', 'text']);
  expect(textOf(await entries())).toBe('Kept');
  broken.disconnect();
});

it('sends larger pieces where the process has many runs to tell of, and loses no word', async () => {
  const pieces = async (others: number): Promise<number> => {
    runId = randomUUID();
    const pace = createFlushPace({ flushesPerSecond: 100 });
    const { writer } = writerOf(1, redis, pace);
    const words = Array.from({ length: 60 }, (_, n) => `${n} 🎈 `);
    for (const word of words) {
      for (let other = 0; other < others; other++) pace.flushed(`other ${other}`, 1);
      writer.text(0, word);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await writer.drain();
    const all = await entries();
    expect(textOf(all)).toBe(words.join(''));
    return all.filter((entry) => entry.k === 'text').length;
  };
  const alone = await pieces(0);
  const amongMany = await pieces(20);
  expect(alone).toBeGreaterThan(5);
  expect(amongMany).toBeLessThan(alone / 2);
});
