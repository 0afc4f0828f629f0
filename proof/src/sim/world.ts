import type { Commit, Submission } from '@muster/db/commit/types';
import { createMemoryDisk } from '@muster/client/memory-storage';
import type { Change, Packet } from '@muster/protocol/change';
import { MusterError } from '@muster/protocol/error';
import { scopeOf, type ScopeId } from '@muster/protocol/id';
import { v7 } from 'uuid';
import type { RunChunk } from '@muster/protocol/server-events';
import { violation } from '../oracles/violation.ts';
import { Eyes } from './eyes.ts';
import { SimGateway } from './net/gateway.ts';
import { Link } from './net/link.ts';
import { RunDesk } from './net/run-desk.ts';
import { SimWorker } from './net/worker.ts';
import { SimRedis } from './net/redis.ts';
import { usualDelay } from './net/weather.ts';
import { Tab, type Device, type Person } from './people/tab.ts';
import type { Plan } from './plan/plan.ts';
import { Random } from './random.ts';
import type { Record } from './record.ts';
import type { Database } from './store/database.ts';
import { listOpenRuns, makePeople } from './store/setting.ts';
import { EPOCH_MS } from './time/install.ts';
import type { VirtualTime } from './time/virtual-time.ts';

const GATEWAYS = 2;
/** A connection to nothing is given up after this. */
const UNREACHABLE_MS = { least: 5, most: 400 };

/** Everyone and everything of one run. */
export class World {
  readonly plan: Plan;
  readonly time: VirtualTime;
  readonly database: Database;
  readonly record: Record;
  readonly redis: SimRedis;
  readonly gateways: SimGateway[] = [];
  readonly eyes: Eyes;
  readonly desk: RunDesk;
  readonly people: Person[] = [];
  readonly devices: Device[] = [];
  readonly tabs: Tab[] = [];
  readonly #random: Random;
  /** How often a backup took the place of the log. */
  restores = 0;
  /** Until when something is wrong, as far as is known. */
  troubledUntil = 0;
  /** Some disk has a copy: one client id for two. */
  hasCopies = false;
  /** Told when the first page of a long snapshot leaves for somebody. */
  onPaged: ((seat: string, scope: ScopeId) => void) | undefined;
  /** Setting the scene is over. */
  startedAt = 0;
  #lives = 0;

  constructor(plan: Plan, time: VirtualTime, database: Database, record: Record) {
    this.plan = plan;
    this.time = time;
    this.database = database;
    this.record = record;
    this.eyes = new Eyes(record);
    this.redis = new SimRedis(time, plan.seed);
    this.#random = new Random(plan.seed, 'world');
    let lives = 0;
    const makeWorker = () =>
      new SimWorker(lives++, {
        ...{ time, database, redis: this.redis, seed: plan.seed },
        onCommitted: (packets) => record.committed(time.now, packets),
        onBeat: (runId) => this.desk.beat(runId),
      });
    this.desk = new RunDesk(time, database, new Random(plan.seed, 'desk'), makeWorker, () => listOpenRuns(database));
  }

  /** People, gateways, two lists that most of them share, and everyone's tabs. */
  async begin(): Promise<void> {
    const { plan, time } = this;
    for (let index = 0; index < plan.people; index++) {
      const id = v7();
      this.people.push({ index, id, email: `${id}@example.org` });
    }
    await makePeople(this.database, this.people);
    for (let index = 0; index < GATEWAYS; index++) await this.startGateway(index);
    await time.runUntil(time.now + 200, () => this.gateways.every(({ isAccepting }) => isAccepting));
    let isReady = false;
    void this.#makeLists(this.gateways[0]!.commit).then(() => (isReady = true));
    await time.runUntil(Infinity, () => isReady);
    for (const { person, tabs } of plan.devices) {
      const device: Device = {
        index: this.devices.length,
        person: this.people[person]!,
        disk: createMemoryDisk(),
        skewMs: 0,
      };
      this.devices.push(device);
      for (let tab = 0; tab < tabs; tab++) this.addTab(device);
    }
    this.startedAt = time.now;
  }

  /** Lets go of everything that outlives a run. */
  async end(): Promise<void> {
    for (const gateway of this.gateways) gateway.die();
    for (const worker of this.desk.workers) worker.die();
    for (const tab of this.tabs) if (tab.client !== undefined) tab.crash();
    this.time.clear();
    await this.database.allGivenBack();
  }

  describe(args: unknown): string {
    return JSON.stringify(args).replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, (id) =>
      this.nameOf(id),
    );
  }

  addTab(device: Device): Tab {
    const { time, plan } = this;
    const tab = new Tab(this.tabs.length, device, {
      time,
      seed: plan.seed,
      kept: (of, nonce, name) => void this.record.kept.push({ seat: of.name, nonce, name }),
      seen: (of, view) => this.record.sawRun(of.page, view),
      asked: (of, clientId, event, data) => this.#asked(of, clientId, event, data),
      dial: (of, auth, events) => this.#dial(of, auth.clientId, events),
    });
    this.tabs.push(tab);
    time.after(this.#random.between(0, 200), () => tab.open());
    return tab;
  }

  async startGateway(index: number): Promise<void> {
    const { time, database, redis, plan, record } = this;
    const gateway = new SimGateway(index, this.#lives++, {
      time,
      database,
      redis,
      runs: { findRun: (...args) => database.watches.findRun(...args) },
      seed: plan.seed,
      onSubmitted: ({ client }: Submission) => {
        if (client && !record.arrivals.has(client.nonce)) record.arrivals.set(client.nonce, time.now);
      },
      onCommitted: (packets: Packet[]) => record.committed(time.now, packets),
      onHints: (hints) => this.desk.hear(hints),
      onEmit: (link, userId, event, data) => this.#emitted(link, userId, event, data),
      onDied: (dead) => {
        // Started again by whoever watches over it.
        time.after(this.#random.between(50, 3_000), () => {
          if (this.gateways[index] === dead) void this.startGateway(index);
        });
      },
    });
    this.gateways[index] = gateway;
    void gateway.start();
  }

  /** What stands between a tab and its gateway has changed: bounds count from here. */
  disturb(isTouched: (tab: Tab) => boolean = () => true): void {
    for (const tab of this.tabs) if (isTouched(tab)) tab.disturbedAt = this.time.now;
  }

  gatewayOf(tab: Tab): SimGateway | undefined {
    return this.gateways.find(({ sessions }) => tab.link !== undefined && sessions.has(tab.link));
  }

  async #makeLists(commit: Commit): Promise<void> {
    const owner = this.people[0]!;
    const run = async (name: string, args: unknown) => {
      const actor = { id: owner.id, kind: 'person' as const };
      const outcome = await commit({ actor, commands: [{ name, args }] });
      if (outcome.status !== 'applied') throw new Error(`${name}: ${JSON.stringify(outcome)}`);
    };
    for (let list = 0; list < 2; list++) {
      const listId = v7();
      await run('list.create', { id: listId, title: `List ${list}` });
      for (let task = 0; task < 3; task++) await run('task.create', { id: v7(), listId, title: `Task ${task}` });
      for (const { email } of this.people.slice(1)) {
        if (list === 0 || this.#random.chance(0.5)) await run('member.invite', { listId, email, role: 'editor' });
      }
      if (list === 0) await run('thread.create', { id: v7(), listId, title: 'Thread' });
    }
  }

  #dial(tab: Tab, clientId: string, events: ConstructorParameters<typeof Link>[3]): Link {
    const { time } = this;
    const link = new Link(tab.name, time, this.#random, events);
    const ready = this.gateways.filter(({ isAccepting }) => isAccepting);
    const gateway = tab.isOffline ? undefined : this.#random.pick(ready);
    if (gateway === undefined) {
      time.after(this.#random.between(UNREACHABLE_MS.least, UNREACHABLE_MS.most), () => link.cut(0, 0));
      return link;
    }
    const userId = tab.device.person.id;
    const shake = async () => {
      if (link.isCut) return;
      if (gateway.isDead || tab.isOffline) return link.cut(0, 0);
      const owner = await gateway.findOwner(clientId);
      if (link.isCut || gateway.isDead) return link.cut(0, 0);
      if (owner !== undefined && owner !== userId) {
        return link.refuse(new MusterError('cloned', 'This client id belongs to somebody else.').toWire());
      }
      gateway.accept(link, userId, clientId);
    };
    time.after(usualDelay(this.#random), () => void shake());
    return link;
  }

  #asked(tab: Tab, clientId: string, event: string, data: unknown): (answer: unknown) => void {
    if (event !== 'mutate') return () => undefined;
    const { mid, nonce } = data as { mid: number; nonce: string };
    const { restores } = this;
    const { link } = tab;
    return (answer) => {
      const { ok, data: outcome } = answer as {
        ok: boolean;
        data?: { status: string; first?: unknown; seqs?: unknown };
      };
      if (!ok && link) this.#refusing.add(link);
      if (outcome?.status === 'out_of_order') this.#outOfTurn(tab, link, mid);
      const first = (outcome?.first ?? outcome) as { status: string; seqs?: { [scope: string]: number } } | undefined;
      // An answer of a log that is lost proves nothing of this one.
      if (!ok || restores !== this.restores || first?.status !== 'applied') return;
      this.record.answers.push({ seat: tab.name, clientId, mid, nonce, seqs: first.seqs ?? {} });
    };
  }

  /** Told so although its mids went in order, on one connection, and none of them was given back. */
  #outOfTurn(tab: Tab, link: Link | undefined, mid: number): void {
    const hasOthers =
      this.hasCopies || this.restores > 0 || this.tabs.some((one) => one !== tab && one.device === tab.device);
    if (hasOthers || link === undefined || this.#refusing.has(link)) return;
    const what = `${tab.name} was told that ${mid} is out of order`;
    this.record.violations.push(violation('P1 in turn', what, { seat: tab.name, mid }));
  }

  #emitted(link: Link, userId: string, event: string, data: unknown): void {
    const { record, time } = this;
    this.eyes.sent(link, event, data);
    const at = EPOCH_MS + time.now;
    const note = (packet: { scope: ScopeId; changes: Change[]; logEpoch?: string }) =>
      record.delivered(link.name, userId, at, packet.scope, packet.changes, packet.logEpoch);
    if (event === 'scope:changes') {
      const packet = data as Packet;
      record.note(time.now, `→ ${link.name} ${this.nameOf(packet.scope)} ${packet.from}–${packet.to}`);
      return note(packet);
    }
    if (event === 'run:chunk') this.#words(link, userId, at, data as RunChunk);
    if (event === 'scope:gone')
      record.note(time.now, `→ ${link.name} gone ${this.nameOf((data as { scope: ScopeId }).scope)}`);
    if (!event.startsWith('answer ')) return;
    const { ok, data: answer } = data as { ok: boolean; data?: { results?: unknown[] } };
    if (!ok || answer === undefined) return;
    for (const result of (answer.results ?? [answer]) as {
      kind?: string;
      scope: ScopeId;
      changes: Change[];
      seq: number;
      next?: string;
    }[]) {
      if (result.kind === 'changes') note(result);
      else if (result.kind === 'snapshot') {
        record.deliveries.push({ seat: link.name, userId, scope: result.scope, at, seq: result.seq, isSnapshot: true });
        if (result.next !== undefined) {
          record.paged.add(result.scope);
          this.onPaged?.(link.name, result.scope);
        }
      }
      if (result.kind !== undefined)
        record.note(time.now, `→ ${link.name} ${event} ${this.nameOf(result.scope)} ${result.kind}`);
    }
  }

  #words(link: Link, userId: string, at: number, { runId, attempt, itemId, offset }: RunChunk): void {
    const aclEpoch = this.redis.epochOfWords(runId, attempt, itemId, offset);
    const scope = this.record.runScopes.get(runId);
    if (scope === undefined || aclEpoch === undefined) return;
    this.record.deliveries.push({ seat: link.name, userId, scope, at, aclEpoch });
  }

  /** Connections on which a mutation was given back: those behind it are out of order. */
  readonly #refusing = new Set<Link>();
  readonly #names = new Map<string, string>();

  /** A short name for an id: the same in every run of the seed. */
  nameOf(id: string): string {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const person = this.people.find((one) => id === scopeOf('user', one.id) || id === one.id);
    const kind = id.includes(':') ? id.slice(0, id.indexOf(':')) : 'id';
    const name = person ? `user:${'ABCDEFG'[person.index]}` : `${kind}:${this.#names.size}`;
    this.#names.set(id, name);
    return name;
  }
}
