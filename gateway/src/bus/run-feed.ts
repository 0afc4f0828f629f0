import { parseRunStreamEntry, type RunStreamEntry } from '@muster/protocol/internal/run-stream';
import type { Change } from '@muster/protocol/change';
import type { ServerEventData } from '@muster/protocol/server-events';
import type { Logger } from '@muster/runtime/logger';
import type { BusMetrics } from './bus-metrics.ts';
import type { Entry, Watcher } from './entry.ts';
import type { Fence } from './fence.ts';
import { runRoom, type LocalRooms } from './rooms.ts';
import { runFactsOf } from './run-facts.ts';
import { RunFold, type RunNews } from './run-fold.ts';
import { SerialQueue } from './serial-queue.ts';

/** How often at most a stream is asked whether it began anew. */
const ANEW_EVERY_MS = 500;

/** Redis's side of a run. */
export interface RunStreams {
  subscribe(runId: string): Promise<void>;
  unsubscribe(runId: string): void;
  /** Entries behind number `n`, in order, as stored. @throws while Redis is away */
  readAfter(runId: string, n: number): Promise<string[]>;
}

/** A reader who is not a socket gets its news by call. */
export interface RunMember extends Watcher {
  tell?(news: RunNews): void;
}

/** A run that somebody on this gateway watches. */
export class RunEntry {
  readonly runId: string;
  readonly fold: RunFold;
  readonly queue: SerialQueue;
  /** The thread's entry: its fence is ours. Held for as long as this lives. */
  readonly thread: Entry;
  readonly members = new Set<RunMember>();
  holds = 0;
  isDropped = false;
  ready: Promise<void> = Promise.resolve();
  askedAnewAt = -Infinity;

  constructor(runId: string, thread: Entry, onFault: (fault: unknown) => void) {
    this.runId = runId;
    this.thread = thread;
    this.fold = new RunFold(runId);
    this.queue = new SerialQueue(onFault);
  }
}

export interface RunFeedPorts {
  streams: RunStreams;
  fence: Fence;
  rooms: LocalRooms;
  metrics: BusMetrics;
  logger: Logger;
  releaseThread(thread: Entry): void;
}

/** From a run's stream to those who watch it. Pub/sub only wakes: what it loses is read from the stream. */
export class RunFeed {
  readonly #ports: RunFeedPorts;
  readonly #runs = new Map<string, RunEntry>();

  constructor(ports: RunFeedPorts) {
    this.#ports = ports;
  }

  get size(): number {
    return this.#runs.size;
  }

  find(runId: string): RunEntry | undefined {
    return this.#runs.get(runId);
  }

  all(): IterableIterator<RunEntry> {
    return this.#runs.values();
  }

  /**
   * A run's entry, subscribed and with its stream read, held until {@link release}.
   * @param thread held by the caller; the entry keeps that hold if it takes it
   * @returns `takesThread`: whether the entry took over the caller's hold
   */
  async hold(runId: string, thread: Entry): Promise<{ run: RunEntry; takesThread: boolean }> {
    let run = this.#runs.get(runId);
    const takesThread = run === undefined || run.thread !== thread;
    if (takesThread) {
      if (run !== undefined) this.#drop(run);
      run = new RunEntry(runId, thread, (err) => this.#ports.logger.error({ err, runId }, 'a run entry failed'));
      this.#runs.set(runId, run);
      run.ready = this.#start(run);
    }
    run!.holds += 1;
    await run!.ready;
    return { run: run!, takesThread };
  }

  release(run: RunEntry): void {
    run.holds -= 1;
    this.#dropIfIdle(run);
  }

  add(run: RunEntry, member: RunMember): void {
    run.members.add(member);
  }

  remove(run: RunEntry, member: RunMember): void {
    if (run.members.delete(member)) this.#dropIfIdle(run);
  }

  dropAll(): void {
    for (const run of [...this.#runs.values()]) {
      run.members.clear();
      this.#drop(run);
    }
  }

  /** What Redis published. Never throws. */
  receive(runId: string, json: string): void {
    const run = this.#runs.get(runId);
    const entry = run === undefined ? undefined : parseRunStreamEntry(json);
    if (run === undefined || entry === undefined) return;
    run.queue.run(() => this.#take(run, entry));
  }

  /** The subscriber is back: whatever was published meanwhile stands in the streams. */
  refill(): void {
    for (const run of this.#runs.values()) run.queue.run(() => this.#fill(run, true));
  }

  /** Changes of a thread: what its log holds of a run is told even where the stream was lost. */
  onChanges(thread: Entry, changes: Change[]): void {
    if (this.#runs.size === 0) return;
    for (const { runId, fact } of runFactsOf(changes)) {
      const run = this.#runs.get(runId);
      if (run === undefined || run.thread !== thread) continue;
      run.queue.run(() => this.#emit(run, run.fold.applyLogged(fact)));
    }
  }

  async #start(run: RunEntry): Promise<void> {
    // Subscribed first, read second: between the two nothing is lost, and what comes twice is known by its number.
    await this.#ports.streams.subscribe(run.runId);
    await new Promise<void>((resolve) => {
      run.queue.run(() => this.#fill(run, false).finally(resolve));
    });
  }

  async #take(run: RunEntry, entry: RunStreamEntry): Promise<void> {
    if (run.isDropped) return;
    if (entry.n === run.fold.n + 1) return this.#deliver(run, entry);
    if (entry.n > run.fold.n + 1) {
      this.#ports.metrics.runGaps.inc();
      return this.#fill(run, false, entry);
    }
    // Heard twice; or the stream was lost with Redis, and counts from one again.
    const now = performance.now();
    if (now - run.askedAnewAt < ANEW_EVERY_MS) return;
    run.askedAnewAt = now;
    await this.#fill(run, true);
  }

  /**
   * Reads what follows. Redis may be away: the subscriber's return, or the next entry, tries again.
   * @param mayBeAnew whether to look if the stream lost its entries and counts from one again
   * @param heard the entry beyond the gap, which is not lost even if the stream is
   */
  async #fill(run: RunEntry, mayBeAnew: boolean, heard?: RunStreamEntry): Promise<void> {
    try {
      let entries = (await this.#ports.streams.readAfter(run.runId, run.fold.n)).map(parseRunStreamEntry);
      if (entries.length === 0 && mayBeAnew) {
        const all = (await this.#ports.streams.readAfter(run.runId, 0)).map(parseRunStreamEntry);
        const last = all.at(-1);
        if (last !== undefined && last.n < run.fold.n) {
          run.fold.n = 0;
          entries = all;
        }
      }
      for (const entry of entries) if (entry !== undefined) await this.#deliver(run, entry);
    } catch (err) {
      this.#ports.logger.warn({ err, runId: run.runId }, 'a run stream cannot be read yet');
    }
    if (heard !== undefined && heard.n > run.fold.n) await this.#deliver(run, heard);
  }

  async #deliver(run: RunEntry, entry: RunStreamEntry): Promise<void> {
    if (run.isDropped || entry.n <= run.fold.n) return;
    const { group } = run.thread;
    if (group === undefined || run.thread.isDropped) return;
    // Somebody may have been removed since: members are read before a word is told.
    if (entry.e > group.epoch && !(await this.#ports.fence.raise(group, entry.e))) return;
    if (run.isDropped || run.thread.isDropped) return;
    this.#ports.metrics.runEntries.inc();
    this.#emit(run, run.fold.apply(entry));
  }

  #emit(run: RunEntry, news: RunNews[]): void {
    const room = runRoom(run.runId);
    for (const one of news) {
      this.#ports.rooms.emit(room, one.event, one.data as ServerEventData<typeof one.event>);
      for (const member of run.members) member.tell?.(one);
    }
  }

  #dropIfIdle(run: RunEntry): void {
    if (run.holds <= 0 && run.members.size === 0) this.#drop(run);
  }

  /** Entry and subscription go in the same turn. */
  #drop(run: RunEntry): void {
    if (run.isDropped) return;
    run.isDropped = true;
    if (this.#runs.get(run.runId) === run) this.#runs.delete(run.runId);
    this.#ports.streams.unsubscribe(run.runId);
    this.#ports.releaseThread(run.thread);
  }
}
