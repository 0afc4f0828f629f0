import type { NewRunStreamEntry } from '@muster/protocol/internal/run-stream';
import { runItemId } from '@muster/protocol/id';
import type { Item, RunStatus, TextPosition } from '@muster/protocol/run';
import type { AttemptGuard } from './attempt-guard.ts';
import { createFlushPace, type FlushPace } from './flush-pace.ts';
import { Interruption } from './interruption.ts';
import { messageItem } from './item-log.ts';
import type { RunStream } from './run-stream.ts';
import { createTextBuffer, type TextBuffer } from './text-buffer.ts';

/** This much text leaves without waiting for the window's end. */
const FLUSH_AT_UNITS = 1_024;
/** After a fault of Redis or Postgres, text waits this long before it is tried again. */
const RETRY_AFTER_MS = 500;

/**
 * Writes one attempt into its run's stream: everything in order, text coalesced by the clock ({@link FlushPace}), nothing
 * once the attempt is not the run's any more. The stream is the live tail only, so a fault of Redis never fails a run: text stays in the
 * buffer and leaves later, and what was committed is in the thread's log anyway.
 */
export interface RunWriter {
  /** The attempt begins: viewers throw away what stands at `rewind`. */
  open(rewind: TextPosition | undefined): Promise<void>;
  /** The next words of item `n`: the first leaves at once. */
  text(n: number, delta: string): void;
  /** What was written of the open item so far; undefined where none is open. */
  readonly openText: { n: number; text: string } | undefined;
  /** Lets all text of the open item leave, before it is committed: nothing more may come for it. */
  drain(): Promise<void>;
  /** The open item is done with, committed or thrown away. */
  closeText(): void;
  /** Items that were just committed. */
  items(items: Item[]): Promise<void>;
  /** The run's status, after its commit. Looks at nothing: the commit was the guard. */
  status(status: RunStatus): Promise<void>;
}

type Unsigned = { k: 'item'; d: Item } | { k: 'status'; d: { status: RunStatus; rewind?: TextPosition } };

export function createRunWriter({
  guard,
  stream,
  onFault,
  pace = createFlushPace(),
  now = () => performance.now(),
}: {
  guard: AttemptGuard;
  stream: RunStream;
  /** Told of faults that were swallowed. */
  onFault: (error: unknown) => void;
  /** Of all runs of this process. */
  pace?: FlushPace;
  now?: () => number;
}): RunWriter {
  const { runId, attempt } = guard;
  let tail: Promise<unknown> = Promise.resolve();
  let open: { n: number; buffer: TextBuffer; isAnnounced: boolean } | undefined;
  let lastFlush = -Infinity;
  let timer: NodeJS.Timeout | undefined;

  /** One after the other: a chunk must not overtake the item that it belongs to. */
  const inOrder = <T>(work: () => Promise<T>): Promise<T> => {
    const done = tail.then(work);
    tail = done.catch(() => undefined);
    return done;
  };

  const append = async (entry: NewRunStreamEntry): Promise<void> => {
    const { isLost } = await stream.append(entry);
    // Redis came back empty: whoever watches from now on needs the open item from its beginning.
    if (isLost && open && entry.k !== 'status') {
      open.isAnnounced = false;
      open.buffer.rewind();
    }
  };

  const swallow = (error: unknown): void => {
    if (error instanceof Interruption) guard.interrupt(error);
    else onFault(error);
  };

  const flush = async (isEnd: boolean): Promise<void> => {
    if (!open?.buffer.peek(isEnd)) return;
    const began = now();
    const { aclEpoch } = await guard.check();
    for (;;) {
      const current = open;
      const chunk = current?.buffer.peek(isEnd);
      if (!current || !chunk) return;
      const { n } = current;
      if (!current.isAnnounced) {
        await append({ a: attempt, e: aclEpoch, k: 'item', d: messageItem(runId, n, 'open') });
        current.isAnnounced = true;
        continue;
      }
      await append({ a: attempt, e: aclEpoch, k: 'text', i: runItemId(runId, n), o: chunk.offset, d: chunk.text });
      if (current.isAnnounced) current.buffer.sent(chunk);
      pace.flushed(runId, now() - began);
    }
  };

  const flushSoon = (): void => {
    if (timer !== undefined) return;
    const isFull = (open?.buffer.waiting ?? 0) >= FLUSH_AT_UNITS;
    const waitMs = isFull ? 0 : Math.max(0, lastFlush + pace.windowMs - now());
    const run = (): void => {
      timer = undefined;
      lastFlush = now();
      inOrder(() => flush(false)).catch((error: unknown) => {
        swallow(error);
        lastFlush = now() + RETRY_AFTER_MS - pace.windowMs;
        if (!guard.signal.aborted && open?.buffer.peek(false)) flushSoon();
      });
    };
    if (waitMs === 0) run();
    else timer = setTimeout(run, waitMs);
  };

  const appendAll = (entries: Unsigned[]): Promise<void> =>
    inOrder(async () => {
      const e = await guard.readEpoch();
      if (e === undefined) return;
      for (const entry of entries) await append({ a: attempt, e, ...entry });
    }).catch(swallow);

  return {
    async open(rewind) {
      await appendAll([{ k: 'status', d: { status: 'running', ...(rewind ? { rewind } : {}) } }]);
    },
    text(n, delta) {
      if (delta === '') return;
      if (open?.n !== n) open = { n, buffer: createTextBuffer(), isAnnounced: false };
      open.buffer.push(delta);
      if (open.buffer.waiting >= FLUSH_AT_UNITS && timer !== undefined) {
        clearTimeout(timer);
        timer = undefined;
      }
      flushSoon();
    },
    get openText() {
      return open && { n: open.n, text: open.buffer.text };
    },
    async drain() {
      clearTimeout(timer);
      timer = undefined;
      await inOrder(() => flush(true)).catch(swallow);
    },
    closeText() {
      clearTimeout(timer);
      timer = undefined;
      open = undefined;
    },
    items: (items) => appendAll(items.map((item) => ({ k: 'item', d: item }))),
    status: (status) => appendAll([{ k: 'status', d: { status } }]),
  };
}
