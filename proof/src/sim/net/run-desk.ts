import type { Hint } from '@muster/domain/command';
import { isEnded } from '@muster/protocol/run';
import type { Random } from '../random.ts';
import type { Database } from '../store/database.ts';
import type { VirtualTime } from '../time/virtual-time.ts';
import type { SimWorker } from './worker.ts';

const SWEEP_EVERY_MS = 1_500;
const SILENT_AFTER_MS = 4_000;
const RESTART = { least: 200, most: 2_000 };

/** The queue of runs and its sweeper: hints may be lost, rows may not. Two workers share what there is. */
export class RunDesk {
  readonly workers: SimWorker[] = [];
  readonly #time: VirtualTime;
  readonly #database: Database;
  readonly #random: Random;
  readonly #makeWorker: () => SimWorker;
  readonly #listOpen: () => Promise<string[]>;
  readonly #known = new Set<string>();
  readonly #open = new Set<string>();
  readonly #beats = new Map<string, number>();

  constructor(
    time: VirtualTime,
    database: Database,
    random: Random,
    makeWorker: () => SimWorker,
    listOpen: () => Promise<string[]>,
  ) {
    this.#listOpen = listOpen;
    this.#time = time;
    this.#database = database;
    this.#random = random;
    this.#makeWorker = makeWorker;
    for (let index = 0; index < 2; index++) this.workers.push(makeWorker());
    time.after(SWEEP_EVERY_MS, () => this.#sweep());
  }

  get isIdle(): boolean {
    return this.#open.size === 0;
  }

  hear(hints: Hint[]): void {
    for (const hint of hints) {
      if (hint.hint !== 'run') continue;
      this.#known.add(hint.runId);
      this.#open.add(hint.runId);
      this.#time.after(this.#random.between(1, 60), () => void this.#look(hint.runId));
    }
  }

  beat(runId: string): void {
    this.#beats.set(runId, this.#time.now);
  }

  /** The log went back: what had ended may wait again. */
  lookAtAll(): void {
    for (const runId of this.#known) this.#open.add(runId);
  }

  kill(worker: SimWorker): void {
    worker.die();
    this.#time.after(this.#random.between(RESTART.least, RESTART.most), () => {
      const index = this.workers.indexOf(worker);
      if (index >= 0) this.workers[index] = this.#makeWorker();
    });
  }

  #sweep(): void {
    this.#time.after(SWEEP_EVERY_MS, () => this.#sweep());
    void this.#sweepRows();
  }

  /** Rows are the truth: a hint that was lost is found here. */
  async #sweepRows(): Promise<void> {
    const found = await this.#time.work.ask(() => this.#listOpen());
    for (const runId of found) this.#open.add(runId);
    for (const runId of this.#open) void this.#look(runId);
  }

  async #look(runId: string): Promise<void> {
    const run = await this.#time.work.ask(() => this.#database.runs.findRun(runId));
    if (!run || isEnded(run.status)) return void this.#open.delete(runId);
    const worker = this.#random.pick(this.workers.filter(({ isDead, weather }) => !isDead && !weather.isFrozen));
    if (!worker) return;
    if (run.status === 'queued') return worker.work(run);
    const isSilent = this.#time.now - (this.#beats.get(runId) ?? 0) > SILENT_AFTER_MS;
    if (run.status !== 'running' || !isSilent) return;
    this.beat(runId);
    await worker.requeue(run).catch(() => undefined);
  }
}
