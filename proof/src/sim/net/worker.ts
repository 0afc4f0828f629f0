import { createCommit } from '@muster/db/commit/create-commit';
import type { Commit } from '@muster/db/commit/types';
import type { RunWork } from '@muster/db/repositories/run-work.repository';
import type { NewRunStreamEntry } from '@muster/protocol/internal/run-stream';
import { runItemId } from '@muster/protocol/id';
import { silentLogger } from '@muster/runtime/logger';
import { createToolExecutor } from '@muster/worker/agent/tool-executor';
import { createAttemptGuard, type AttemptGuard } from '@muster/worker/run/attempt-guard';
import { createGuardReader } from '@muster/worker/run/guard-reader';
import { Interruption } from '@muster/worker/run/interruption';
import { callItem, createItemLog, messageItem, type ItemLog } from '@muster/worker/run/item-log';
import { actorFor, commitPatiently, createRunCommit, type RunCommit } from '@muster/worker/run/run-commit';
import { createRunWriter, type RunWriter } from '@muster/worker/run/run-writer';
import { Random } from '../random.ts';
import { registerCommitPort } from '../store/commit-client.ts';
import type { Database } from '../store/database.ts';
import type { VirtualTime } from '../time/virtual-time.ts';
import { late, latePool, type LateReads } from './late-reads.ts';
import type { SimRedis } from './redis.ts';
import { fairGateway, usualDelay, type GatewayWeather } from './weather.ts';

const BEAT_EVERY_MS = 1_000;
const WORDS = [
  'I ',
  'have ',
  'looked ',
  'at ',
  'it, ',
  'and ',
  'here ',
  'is ',
  'what ',
  'is ',
  'left: ',
  '🧺 ',
  'milk. ',
];
const logger = silentLogger();

/** What the model asks for once in a run: a task by this title. */
export const askedFor = (runId: string): string => `asked for by ${runId}`;

export interface WorkerPorts {
  time: VirtualTime;
  database: Database;
  redis: SimRedis;
  seed: number;
  onCommitted: Parameters<typeof createCommit>[0]['publish'];
  onBeat(runId: string): void;
}

let made = 0;

/**
 * A worker process: the real guard, writer, item log, tool executor and commit around a model that says a few words, asks
 * for one tool, and says a few more.
 */
export class SimWorker {
  readonly weather = fairGateway();
  isDead = false;
  readonly #ports: WorkerPorts;
  readonly #random: Random;
  readonly #commit: Commit;
  readonly #reads: LateReads;
  readonly #guards: ReturnType<typeof createGuardReader>;
  readonly #active = new Set<string>();
  /** Its way to Redis: frozen with it, and no slower for what Postgres does. */
  readonly #toRedis: GatewayWeather;

  constructor(life: number, ports: WorkerPorts) {
    this.#ports = ports;
    const { time, database, redis, seed } = ports;
    this.#random = new Random(seed, `worker ${life}`);
    this.#reads = { time, random: this.#random, weather: this.weather, isDead: () => this.isDead };
    const line = redis.connect({ onPacket() {}, onRunEntry() {}, onReady() {} }, this.weather, () => undefined);
    this.#commit = createCommit({
      databaseUrl: registerCommitPort(`w${made++}`, {
        time,
        database,
        isDead: () => this.isDead,
        isFrozen: () => this.weather.isFrozen,
        delay: () => (this.#random.chance(0.6) ? 0 : usualDelay(this.#random)) * this.weather.slowness,
        breaks: (moment) => this.weather.isCutFromPostgres && moment === 'before load',
      }),
      pool: latePool(database.pool, this.#reads),
      publish: (packets) => {
        if (this.isDead) return;
        ports.onCommitted(packets);
        line.publish(packets);
      },
    });
    const { weather } = this;
    this.#toRedis = Object.defineProperties(fairGateway(), {
      isFrozen: { get: () => weather.isFrozen },
      isCutFromPostgres: { get: () => weather.isCutFromRedis },
    });
    this.#guards = createGuardReader((ids) => late(this.#reads, () => database.runs.readGuards(ids)));
  }

  die(): void {
    this.isDead = true;
  }

  get isBusy(): boolean {
    return this.#active.size > 0;
  }

  /** Hands a run back whose worker was not heard of. */
  async requeue(run: RunWork): Promise<void> {
    await this.#submit(run, 'run.requeue', { attempt: run.attempt });
  }

  /** Claims a run and works on it. Whatever ends it before its end is somebody else's to find. */
  async work(run: RunWork): Promise<void> {
    if (this.#active.has(run.id)) return;
    this.#active.add(run.id);
    try {
      const claim = await this.#submit(run, 'run.claim', {});
      if (claim.status === 'rejected' && claim.error.code !== 'conflict') {
        const error = { code: 'forbidden' as const, message: 'no rights any more' };
        await this.#submit(run, 'run.end', { attempt: run.attempt, status: 'failed', error });
      }
      if (claim.status !== 'applied') return;
      const { attempt } = claim.results[0] as { attempt: number };
      await this.#attempt(run, createAttemptGuard({ runId: run.id, attempt, reader: this.#guards }));
    } catch {
      // An interruption, or a database that stayed away: the run is found by who sweeps.
    } finally {
      this.#active.delete(run.id);
    }
  }

  async #attempt(run: RunWork, guard: AttemptGuard): Promise<void> {
    const { database, time } = this.#ports;
    const isOver = { now: false };
    const beat = () => {
      if (isOver.now || this.isDead) return;
      if (!this.weather.isFrozen) this.#ports.onBeat(run.id);
      time.after(BEAT_EVERY_MS, beat);
    };
    beat();
    try {
      const log = createItemLog(run.id, await late(this.#reads, () => database.runs.listItems([run.id])));
      const writer = createRunWriter({ guard, stream: this.#stream(run.id), onFault: () => undefined });
      const own = createRunCommit({ commit: this.#commit, guard, askerId: run.askerId });
      await guard.check();
      await writer.open(guard.attempt > 1 ? { itemId: runItemId(run.id, log.nextN), offset: 0 } : undefined);
      await this.#speak(run, guard, log, writer, own);
    } finally {
      isOver.now = true;
    }
  }

  async #speak(run: RunWork, guard: AttemptGuard, log: ItemLog, writer: RunWriter, own: RunCommit): Promise<void> {
    const { database } = this.#ports;
    const executor = createToolExecutor({
      ...{ guard, log, commit: own, writer, logger, askerId: run.askerId, holder: run.holder, zone: 'UTC' },
      lists: {
        listOf: (who: string) => late(this.#reads, () => database.lists.listOf(who)),
        readList: (who: string, list: string) => late(this.#reads, () => database.lists.readList(who, list)),
      },
      findRemembered: (tool) => late(this.#reads, () => database.runs.findRemembered(run.scope, tool)),
      now: () => Date.now(),
    });
    for (const { callId } of log.openCalls()) await executor.execute(callId);
    if (!log.items.some(({ kind }) => kind === 'tool_call')) {
      const n = log.nextN;
      const text = await this.#say(guard, writer, n);
      // A model that does not find its call in the log asks again, under another id.
      const call = { n: n + 1, callId: `call-${this.#random.next32()}`, name: 'add_tasks', args: argsOf(run.id) };
      const items = [{ item: messageItem(run.id, n, 'done'), text }, { item: callItem(run.id, call, 'open') }];
      await own.items(items);
      log.add(items);
      writer.closeText();
      await writer.items(items.map(({ item }) => item));
      await executor.execute(call.callId);
    }
    const n = log.nextN;
    const text = await this.#say(guard, writer, n);
    const last = { item: messageItem(run.id, n, 'done'), text };
    const hasEnded = await own.end({ status: 'completed' }, [last]);
    writer.closeText();
    if (!hasEnded) return;
    await writer.items([last.item]);
    await writer.status('completed');
  }

  async #say(guard: AttemptGuard, writer: RunWriter, n: number): Promise<string> {
    let text = '';
    const words = this.#random.int(2, 12);
    for (let word = 0; word < words; word++) {
      await this.#ports.time.sleep(this.#random.between(2, 90));
      guard.signal.throwIfAborted();
      const delta = this.#random.pick(WORDS)!;
      text += delta;
      writer.text(n, delta);
    }
    await writer.drain();
    guard.signal.throwIfAborted();
    return text;
  }

  /** What the script in Redis does, in one turn: a lower attempt is refused. */
  #stream(runId: string) {
    const { redis } = this.#ports;
    return {
      append: (entry: NewRunStreamEntry) =>
        late({ ...this.#reads, weather: this.#toRedis }, async () => {
          if (!redis.append(runId, entry)) throw new Interruption('superseded');
          return { isLost: false };
        }),
    };
  }

  #submit(run: RunWork, name: string, args: Record<string, unknown>) {
    return commitPatiently(this.#commit, {
      actor: actorFor(run.askerId),
      commands: [{ name, args: { runId: run.id, ...args } }],
      run: { runId: run.id },
      trusted: true,
    });
  }
}

const argsOf = (runId: string) => ({
  list: null,
  tasks: [
    { title: askedFor(runId), notes: null, due: null, priority: null, labels: null, assignees: null, children: null },
  ],
  parent: null,
  after: null,
});
