import { messageIdOf } from '@muster/domain/run-ids';
import { MusterError, wireError, type WireError } from '@muster/protocol/error';
import { runItemNews, runChunk, runStatusNews } from '@muster/protocol/server-events';
import { runStatusAnswer, runWatchAnswer, type RunStatus, type RunWatchAnswer } from '@muster/protocol/run';
import * as z from 'zod/mini';
import { backoff } from './clock.ts';
import { RunViewer, type Took } from './run-viewer.ts';
import type { Clock, RunHandle, RunView } from './types.ts';

const FRAME_MS = 16;
const RETRY_BASE_MS = 150;
const RETRY_CAP_MS = 10_000;
const EVENTS = { 'run:chunk': runChunk, 'run:item': runItemNews, 'run:status': runStatusNews } as const;
type RunEvent = keyof typeof EVENTS;

export interface RunsOptions {
  clock: Clock;
  isOnline(): boolean;
  request(event: string, data: unknown): Promise<unknown>;
  /** A waiting mutation will make this run: the server does not know it yet. */
  isMaking(runId: string): boolean;
  hasMessage(messageId: string): boolean;
  log(message: string, details?: unknown): void;
}

interface Watch {
  runId: string;
  viewer: RunViewer;
  handles: number;
  listeners: Set<(view: RunView) => void>;
  waiting: { resolve: () => void; reject: (error: Error) => void }[];
  /** A watch is under way: what comes meanwhile is looked at after its answer. */
  isAsking: boolean;
  isJoined: boolean;
  generation: number;
  held: { event: RunEvent; data: unknown }[];
  attempts: number;
  cancelRetry: (() => void) | undefined;
  cancelFlush: (() => void) | undefined;
  flushedAt: number;
  error: WireError | undefined;
}

const OFFLINE: WireError = { code: 'unavailable', message: 'There is no connection to the server.', retryable: true };

/** The runs that someone looks at. Several handles share one watch. */
export class Runs {
  readonly #options: RunsOptions;
  readonly #watches = new Map<string, Watch>();
  #logEpoch: string | undefined;

  constructor(options: RunsOptions) {
    this.#options = options;
  }

  watch(runId: string): RunHandle {
    const watch = this.#watches.get(runId) ?? this.#create(runId);
    watch.handles += 1;
    watch.error = undefined;
    const ready = new Promise<void>((resolve, reject) => {
      if (watch.viewer.view) resolve();
      else watch.waiting.push({ resolve, reject });
    });
    ready.catch(() => undefined);
    this.#ask(watch);
    const own = new Set<(view: RunView) => void>();
    let isClosed = false;
    return {
      get view() {
        return watch.viewer.view;
      },
      ready,
      subscribe(listener) {
        own.add(listener);
        watch.listeners.add(listener);
        return () => {
          own.delete(listener);
          watch.listeners.delete(listener);
        };
      },
      close: () => {
        if (isClosed) return;
        isClosed = true;
        for (const listener of own) watch.listeners.delete(listener);
        watch.handles -= 1;
        if (watch.handles === 0) this.#drop(watch);
      },
    };
  }

  async stop(runId: string): Promise<{ status: RunStatus }> {
    return this.#command('run:stop', { runId });
  }

  async decide(runId: string, callId: string, approve: boolean, remember?: boolean): Promise<{ status: RunStatus }> {
    return this.#command('run:decide', { runId, callId, approve, ...(remember === undefined ? {} : { remember }) });
  }

  /** Greeted, on a new connection or on the one that was: a gateway whose log went back has left all runs. */
  connected(logEpoch: string): void {
    const isOther = this.#logEpoch !== undefined && this.#logEpoch !== logEpoch;
    this.#logEpoch = logEpoch;
    for (const watch of this.#watches.values()) {
      this.#leave(watch);
      if (isOther) watch.viewer.forgetWords();
      this.#ask(watch);
    }
  }

  disconnected(): void {
    for (const watch of this.#watches.values()) this.#leave(watch);
  }

  /** Confirmed content moved: a run may be known to the server now, a message may stand in its thread. */
  poke(): void {
    for (const watch of this.#watches.values()) {
      this.#clear(watch);
      if (!watch.isJoined && !watch.error) this.#ask(watch);
    }
  }

  heard(event: string, given: unknown): void {
    const name = event as RunEvent;
    const parsed = z.safeParse(EVENTS[name], given);
    const watch = parsed.success ? this.#watches.get(parsed.data.runId) : undefined;
    if (!watch || !parsed.success) return;
    if (watch.isAsking || !watch.isJoined) watch.held.push({ event: name, data: parsed.data });
    else this.#take(watch, name, parsed.data);
  }

  #take(watch: Watch, event: RunEvent, data: unknown): void {
    const { viewer } = watch;
    const took: Took =
      event === 'run:chunk'
        ? viewer.chunk(data as z.output<typeof runChunk>)
        : event === 'run:item'
          ? viewer.item(data as z.output<typeof runItemNews>)
          : viewer.status(data as z.output<typeof runStatusNews>);
    if (took === 'hole') return this.#ask(watch, true);
    this.#clear(watch);
    if (took === 'shown') this.#show(watch);
  }

  #create(runId: string): Watch {
    const watch: Watch = {
      runId,
      viewer: new RunViewer(runId),
      handles: 0,
      listeners: new Set(),
      waiting: [],
      isAsking: false,
      isJoined: false,
      generation: 0,
      held: [],
      attempts: 0,
      cancelRetry: undefined,
      cancelFlush: undefined,
      flushedAt: -FRAME_MS,
      error: undefined,
    };
    this.#watches.set(runId, watch);
    return watch;
  }

  #ask(watch: Watch, isAgain = false): void {
    if (watch.isAsking || watch.cancelRetry || (watch.isJoined && !isAgain)) return;
    if (!this.#options.isOnline() || this.#options.isMaking(watch.runId)) return;
    watch.isAsking = true;
    void this.#request(watch);
  }

  async #request(watch: Watch): Promise<void> {
    const { generation, runId, viewer } = watch;
    // A place that did not fit before is not offered again: the whole is asked for.
    const after = watch.attempts === 0 ? viewer.position : undefined;
    let ack: unknown;
    try {
      ack = await this.#options.request('run:watch', { runId, ...(after ? { after } : {}) });
    } catch {
      return;
    }
    if (generation !== watch.generation || this.#watches.get(runId) !== watch) return;
    watch.isAsking = false;
    const { ok, data, error } = (ack ?? {}) as { ok?: boolean; data?: unknown; error?: unknown };
    const answer = ok === true ? z.safeParse(runWatchAnswer, data) : undefined;
    if (!answer?.success) {
      const refusal = z.safeParse(wireError, error);
      return this.#refused(watch, refusal.success ? (refusal.data as WireError) : OFFLINE);
    }
    if (viewer.answer(answer.data as RunWatchAnswer) === 'hole')
      return this.#retry(watch, watch.attempts === 0 ? 0 : undefined);
    watch.isJoined = true;
    watch.attempts = 0;
    for (const { resolve } of watch.waiting.splice(0)) resolve();
    this.#clear(watch);
    this.#show(watch);
    for (const { event, data: news } of watch.held.splice(0)) {
      if (watch.isAsking) watch.held.push({ event, data: news });
      else this.#take(watch, event, news);
    }
  }

  #refused(watch: Watch, error: WireError): void {
    if (error.retryable) return this.#retry(watch, error.details?.retryAfterMs);
    watch.error = error;
    watch.isJoined = false;
    const failure = new MusterError(error.code, error.message, error.details);
    for (const { reject } of watch.waiting.splice(0)) reject(failure);
  }

  #retry(watch: Watch, waitMs?: number): void {
    const { clock } = this.#options;
    const wait = waitMs ?? backoff(clock, watch.attempts, RETRY_BASE_MS, RETRY_CAP_MS);
    watch.attempts += 1;
    watch.isJoined = false;
    watch.cancelRetry?.();
    watch.cancelRetry = clock.setTimeout(() => {
      watch.cancelRetry = undefined;
      this.#ask(watch);
    }, wait);
  }

  /** What the thread's log holds is shown from there. */
  #clear(watch: Watch): void {
    const itemId = watch.viewer.view?.current?.itemId;
    if (itemId === undefined) return;
    const messageId = messageIdOf(watch.runId, Number(itemId.slice(itemId.lastIndexOf(':') + 1)));
    if (this.#options.hasMessage(messageId) && watch.viewer.stored(itemId) === 'shown') this.#show(watch);
  }

  /** Tells at once after a quiet time, and else once a frame. */
  #show(watch: Watch): void {
    if (watch.cancelFlush) return;
    const { clock } = this.#options;
    // Set back, the clock would hold the words for as long.
    const wait = Math.min(FRAME_MS, Math.max(0, watch.flushedAt + FRAME_MS - clock.now()));
    watch.cancelFlush = clock.setTimeout(() => {
      watch.cancelFlush = undefined;
      watch.flushedAt = clock.now();
      const { view } = watch.viewer;
      for (const listener of view ? [...watch.listeners] : []) {
        try {
          listener(view as RunView);
        } catch (error) {
          this.#options.log('a listener failed', { event: 'run', error });
        }
      }
    }, wait);
  }

  #leave(watch: Watch): void {
    watch.generation += 1;
    watch.isAsking = false;
    watch.isJoined = false;
    watch.held = [];
    watch.attempts = 0;
    watch.cancelRetry?.();
    watch.cancelRetry = undefined;
  }

  #drop(watch: Watch): void {
    const wasJoined = watch.isJoined || watch.isAsking;
    this.#leave(watch);
    watch.cancelFlush?.();
    this.#watches.delete(watch.runId);
    if (!wasJoined || !this.#options.isOnline()) return;
    this.#options.request('run:unwatch', { runId: watch.runId }).catch(() => undefined);
  }

  async #command(event: string, data: unknown): Promise<{ status: RunStatus }> {
    const {
      ok,
      data: answer,
      error,
    } = ((await this.#options.request(event, data)) ?? {}) as {
      ok?: boolean;
      data?: unknown;
      error?: unknown;
    };
    const parsed = ok === true ? z.safeParse(runStatusAnswer, answer) : undefined;
    if (parsed?.success) return parsed.data;
    const refusal = z.safeParse(wireError, error);
    const { code, message, details } = refusal.success ? (refusal.data as WireError) : OFFLINE;
    throw new MusterError(code, message, details);
  }
}
