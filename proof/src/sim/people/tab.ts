import { createClient } from '@muster/client/client';
import { createMemoryStorage, type MemoryDisk } from '@muster/client/memory-storage';
import type { Clock, MusterClient, RunView, StoragePort, TabSeat, Transport } from '@muster/client/types';
import type { CommandName } from '@muster/protocol/commands';
import type { EntityType } from '@muster/protocol/entity';
import type { ScopeId } from '@muster/protocol/id';
import { Random } from '../random.ts';
import { EPOCH_MS } from '../time/install.ts';
import type { VirtualTime } from '../time/virtual-time.ts';
import type { Link } from '../net/link.ts';
import { Life } from './life.ts';
import { slowStorage } from './slow-storage.ts';

export interface Person {
  index: number;
  id: string;
  email: string;
}

const ENTITY_TYPES: EntityType[] = [
  'list',
  'member',
  'task',
  'label',
  'thread',
  'message',
  'run',
  'run_item',
  'membership',
  'settings',
];

/** A browser profile: a disk that its tabs share. */
export interface Device {
  index: number;
  person: Person;
  disk: MemoryDisk;
  skewMs: number;
}

export interface TabPorts {
  time: VirtualTime;
  seed: number;
  /** Told what it asks, and what it is answered. */
  asked(tab: Tab, clientId: string, event: string, data: unknown): (answer: unknown) => void;
  /** What is before a person who watches a run. */
  seen(tab: Tab, view: RunView): void;
  /** A mutation is on the disk. */
  kept(tab: Tab, nonce: string, name: CommandName): void;
  /** A connection to some gateway. */
  dial(tab: Tab, auth: { clientId: string }, events: Parameters<Transport['connect']>[2]): Link;
}

/** One tab with the real client in it. It can be frozen, crash, and be loaded again from what its disk holds. */
export class Tab {
  readonly index: number;
  readonly device: Device;
  readonly name: string;
  readonly #ports: TabPorts;
  client!: MusterClient;
  link: Link | undefined;
  isOffline = false;
  /** The last moment at which something stood between it and its gateway. */
  disturbedAt = 0;
  /** Threads that the person looks at. */
  readonly followed = new Set<ScopeId>();
  readonly refused = new Set<string>();
  /** Tasks that were deleted here, to be brought back. */
  readonly deleted: string[] = [];
  readonly #mirror = new Map<string, { scope: ScopeId; type: string; id: string; value: unknown }>();
  readonly #watched = new Set<string>();
  #life = new Life();
  #seats: TabSeat[] = [];
  #lives = 0;

  constructor(index: number, device: Device, ports: TabPorts) {
    this.index = index;
    this.device = device;
    this.#ports = ports;
    this.name = `${'ABCDEFG'[device.person.index]}${device.index}.${index}`;
  }

  /** The page as it was loaded last: it knows nothing of what the one before it showed. */
  get page(): string {
    return `${this.name} load ${this.#lives}`;
  }

  get isFrozen(): boolean {
    return this.#life.isFrozen;
  }

  /** Whether another tab writes to the same disk: the first of them stands for all. */
  hasCompany(tabs: readonly Tab[]): boolean {
    const same = tabs.filter(({ device }) => device === this.device);
    return same.length > 1 && same[0] === this;
  }

  get isAlive(): boolean {
    return !this.#life.isDead;
  }

  /** Loads the page. */
  open(): void {
    const { time, seed } = this.#ports;
    const life = new Life();
    this.#life = life;
    this.disturbedAt = time.now;
    const random = new Random(seed, `tab ${this.index}.${this.#lives++}`);
    const clock: Clock = {
      now: () => EPOCH_MS + time.now + this.device.skewMs,
      setTimeout: (job, ms) => {
        const timer = time.after(ms, () => life.run(job));
        return () => time.cancel(timer);
      },
      random: () => random.next(),
    };
    const transport: Transport = {
      connect: (_url, auth, events) => {
        const link = this.#ports.dial(this, auth, {
          opened: () => life.run(() => events.opened()),
          received: (event, data) => life.run(() => events.received(event, data)),
          closed: (reason) => life.run(() => events.closed(reason)),
          refused: (error) => life.run(() => events.refused(error)),
        });
        this.link = link;
        return {
          send: (event, data, answer) => {
            const hear = this.#ports.asked(this, auth.clientId, event, data);
            link.send(event, data, (ack) => {
              life.run(() => {
                hear(ack);
                answer(ack);
              });
            });
          },
          close: () => link.closeByClient(),
        };
      },
    };
    this.client = createClient({
      url: 'sim:',
      clock,
      transport,
      storage: slowStorage(this.#keepSeats(createMemoryStorage(this.device.disk)), time, random, life),
    });
    this.#mirror.clear();
    this.#watched.clear();
    // What the disk held is there: a page reads anew what it shows.
    this.client.on('hydrated', () => this.#readAnew());
    this.client.on('entities', (changes) => {
      for (const { scope, type, id } of changes) {
        // One person is a member of several lists under one id: it is this scope's that changed.
        const held = this.client.all(scope, type).find((one) => one.id === id);
        const key = `${scope} ${type} ${id}`;
        if (type === 'run' && held && this.followed.has(scope)) this.#watch(id);
        if (held) this.#mirror.set(key, { scope, type, id, value: held.value });
        else this.#mirror.delete(key);
      }
    });
    this.client.on('rejected', ({ nonce }) => void this.refused.add(nonce));
    void this.client.start();
    for (const scope of this.followed) void this.client.open(scope).ready.catch(() => undefined);
  }

  /** What a page would show that follows the client's news and never asks for more. */
  mirrorOf(scope: ScopeId): { type: string; id: string; value: unknown }[] {
    return [...this.#mirror.values()].filter((held) => held.scope === scope);
  }

  #watch(runId: string): void {
    if (this.#watched.has(runId)) return;
    this.#watched.add(runId);
    const handle = this.client.watchRun(runId);
    handle.subscribe((view) => this.#ports.seen(this, view));
    void handle.ready.catch(() => undefined);
  }

  #readAnew(): void {
    this.#mirror.clear();
    for (const scope of this.device.disk.current?.scopes.keys() ?? []) {
      for (const type of ENTITY_TYPES) {
        for (const { id, value } of this.client.all(scope as ScopeId, type)) {
          this.#mirror.set(`${scope} ${type} ${id}`, { scope: scope as ScopeId, type, id, value });
        }
      }
    }
  }

  /** The tab's process ends: nothing more runs, and the browser lets go of its lock. */
  crash(): void {
    const { time } = this.#ports;
    this.disturbedAt = time.now;
    this.#life.die();
    this.link?.closeByClient();
    this.link = undefined;
    for (const seat of this.#seats.splice(0)) seat.leave();
  }

  freeze(): void {
    this.#life.freeze();
  }

  thaw(): void {
    this.disturbedAt = this.#ports.time.now;
    this.#life.thaw();
  }

  #keepSeats(storage: StoragePort): StoragePort {
    const tabs: StoragePort['tabs'] = {
      ...storage.tabs,
      join: (...args) => {
        const seat = storage.tabs.join(...args);
        this.#seats.push(seat);
        return seat;
      },
    };
    const enqueue: StoragePort['enqueue'] = async (...args) => {
      const stored = await storage.enqueue(...args);
      this.#ports.kept(this, stored.nonce, stored.name);
      return stored;
    };
    return new Proxy(storage, {
      get: (target, name) =>
        name === 'tabs' ? tabs : name === 'enqueue' ? enqueue : (target[name as keyof StoragePort] as unknown),
    });
  }
}
