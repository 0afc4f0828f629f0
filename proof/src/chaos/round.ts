import { MOST_DELETED_UNASKED } from '@muster/domain/tools/delete-task';
import { mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { v7 } from 'uuid';
import { Random } from '../sim/random.ts';
import type { Violation } from '../oracles/violation.ts';
import { castOf, type Cast, type ListPlan, type Person } from './crowd/cast.ts';
import { Crowd } from './crowd/crowd.ts';
import type { Evidence } from './evidence/evidence.ts';
import { DatabaseReader } from './evidence/read-database.ts';
import { History } from './evidence/read-history.ts';
import { readImages } from './evidence/read-images.ts';
import { readWordEpochs } from './evidence/read-streams.ts';
import { judgedIn, judgedLine, type Judged } from './figures.ts';
import { judge } from './judge.ts';
import { probe, type Probed } from './probe.ts';
import { waitForRest } from './rest.ts';
import { hurt } from './schedule/hurt.ts';
import { createSchedule } from './schedule/schedule.ts';
import { signUp } from './world/sign-up.ts';
import { PREFIX, startWorld, type World } from './world/world.ts';

export interface RoundOptions {
  seed: number;
  clients: number;
  stormMs: number;
  /** Each kind of fault once and short, whatever the length. */
  isBrief: boolean;
  /** Acts of all clients together. */
  actsPerSecond: number;
  /** For data, logs and histories. */
  folder: string;
  say(line: string): void;
  /** Told at once how to close what there is so far: whoever is interrupted leaves no server behind. */
  opened?(close: () => Promise<void>): void;
}

const CLIENTS_A_PROCESS = 60;
const FIRST_TASKS = 8;
/** Of them so many are done: to clear those away takes somebody's consent. */
const FIRST_DONE = MOST_DELETED_UNASKED + 1;

/** One world from its beginning to its verdict. */
export class Round {
  readonly world: World;
  readonly crowd: Crowd;
  readonly cast: Cast;
  readonly people: Person[];
  readonly database: DatabaseReader;
  readonly close: () => Promise<void>;
  faults = 0;
  /** How long the slowest waited at rest, once there is a verdict. */
  waited: Omit<Probed, 'violations'> | undefined;
  judged: Judged | undefined;
  readonly #options: RoundOptions;

  private constructor(
    options: RoundOptions,
    parts: Pick<Round, 'world' | 'crowd' | 'cast' | 'people' | 'database' | 'close'>,
  ) {
    this.#options = options;
    ({ world: this.world, crowd: this.crowd, cast: this.cast, people: this.people, database: this.database } = parts);
    this.close = parts.close;
  }

  /** The product is up, everyone is connected, and they share lists and conversations. */
  static async begin(options: RoundOptions): Promise<Round> {
    const { folder, clients, seed } = options;
    mkdirSync(folder, { recursive: true });
    const closers: (() => Promise<void>)[] = [];
    const close = async () => {
      for (const one of closers.splice(0).reverse()) await one();
    };
    options.opened?.(close);
    try {
      const world = await startWorld(folder, (closeWorld) => closers.push(closeWorld));
      const cast = castOf(clients, new Random(seed, 'cast'));
      const people = await signUp(world.gatewayUrl, cast.people);
      const database = new DatabaseReader(world.databaseUrl);
      closers.push(() => database.close());
      const crowd = await Crowd.enter(Math.max(2, Math.ceil(clients / CLIENTS_A_PROCESS)), {
        ...{ cast, people, url: `http://127.0.0.1:${world.front.port}`, folder, seed },
      });
      closers.push(() => crowd.close());
      const round = new Round(options, { world, crowd, cast, people, database, close });
      await round.#share();
      return round;
    } catch (error) {
      await close();
      throw error;
    }
  }

  /** Everyone acts while the schedule is carried out. Over once both are. */
  async storm(): Promise<void> {
    const { seed, clients, stormMs, isBrief, actsPerSecond, say } = this.#options;
    const schedule = createSchedule(new Random(seed, 'schedule'), stormMs, isBrief);
    const { world, crowd, cast, people, database } = this;
    const deps = {
      world,
      crowd,
      cast,
      people,
      database,
      random: new Random(seed, 'hurt'),
      deleted: new Set<ListPlan>(),
    };
    const since = performance.now();
    await crowd.all('act', { everyMs: (clients * 1_000) / actsPerSecond });
    const events = schedule.map(async (event) => {
      await delay(event.atMs);
      const at = ((performance.now() - since) / 1_000).toFixed(1).padStart(6);
      say(`${at} s  ${await hurt(deps, event)}`);
      this.faults += 1;
    });
    await Promise.all([...events, delay(stormMs)]);
    world.heal();
    await crowd.all('rest');
  }

  /** @returns what is not at rest after all */
  rest(): Promise<Violation[]> {
    return waitForRest(this.crowd, this.database, this.#options.say);
  }

  /** At rest: what is late, and then what everyone holds, and what all of it left behind. */
  async verdict(): Promise<Violation[]> {
    const { violations, ...waited } = await probe(this.crowd, this.database, this.cast, this.people);
    this.waited = waited;
    const [shown, told] = [waited.shownMs, waited.toldMs].map((ms) => `${Math.round(ms)} ms`);
    this.#options.say(`at rest: a change was shown everywhere in ${shown}, a removal told in ${told}`);
    violations.push(...(await this.rest()));
    violations.push(...(await this.compare()));
    const evidence = await this.evidence();
    this.judged = judgedIn(evidence);
    this.#options.say(judgedLine(this.judged));
    return [...violations, ...judge(evidence)];
  }

  /** What every client holds against what the server holds. */
  async compare(): Promise<Violation[]> {
    const images = Object.fromEntries(await this.#images());
    const lists = await this.database.members();
    return (await this.crowd.all('compare', { images, lists })).flat();
  }

  async evidence(): Promise<Evidence> {
    const { database, crowd, world } = this;
    await crowd.all('flush');
    const runs = await database.runs();
    const runIds = runs.map(({ id }) => id);
    return {
      runs,
      log: await database.log(),
      scopes: await database.scopes(),
      images: await this.#images(),
      silent: await database.silentNonces(),
      history: await History.read(crowd.processes.map(({ history }) => history)),
      words: await readWordEpochs(world.redisUrl, PREFIX, runIds),
      processes: [...world.records(), ...crowd.records()],
    };
  }

  async #images() {
    const viewers = await this.database.viewers();
    const tokens = new Map(this.people.map(({ userId, token }) => [userId, token]));
    const scopes = await this.database.scopes();
    return readImages(this.world.gatewayUrl, scopes, (acl) => tokens.get(viewers.get(acl) ?? ''));
  }

  /** Lists, members, conversations and first tasks, by the road that everyone takes. */
  async #share(): Promise<void> {
    for (const { id, steward, members, threads } of this.cast.lists) {
      const tell = (name: string, args: object) => this.crowd.at(steward).call('mutate', { seat: steward, name, args });
      await tell('list.create', { id, title: `List of ${steward}` });
      for (const member of members)
        await tell('member.invite', { listId: id, email: this.people[member]!.email, role: 'editor' });
      for (const thread of threads) await tell('thread.create', { id: thread, listId: id, title: 'Talk' });
      for (let n = 1; n <= FIRST_TASKS; n++) {
        const task = v7();
        await tell('task.create', { id: task, listId: id, title: `First ${n}` });
        if (n <= FIRST_DONE) await tell('task.complete', { id: task, done: true });
      }
    }
    const late = await this.rest();
    if (late.length > 0) throw new Error(`the lists could not be shared: ${late[0]?.what}`);
  }
}
