import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { v7 } from 'uuid';
import type { Random } from '../../sim/random.ts';
import { KEPT_LISTS, type Cast, type ListPlan } from '../crowd/cast.ts';
import type { Crowd } from '../crowd/crowd.ts';
import type { DatabaseReader } from '../evidence/read-database.ts';
import type { TcpLink } from '../world/tcp-link.ts';
import type { World } from '../world/world.ts';
import type { Event, Fault } from './schedule.ts';

type Reader = { userId: string; email: string };

export interface HurtDeps {
  world: World;
  crowd: Crowd;
  cast: Cast;
  people: Reader[];
  database: DatabaseReader;
  random: Random;
  /** Lists that are deleted. */
  deleted: Set<ListPlan>;
}

/** Does what an event says. Settles once it is over, with what was done to whom, in words. */
export async function hurt(deps: HurtDeps, event: Event): Promise<string> {
  return HANDS[event.fault](deps, event);
}

/** Runs come and go: somebody reads one before long. */
const READER_WITHIN_MS = 8_000;

/** What is written right behind a removal: a quiet list would hide that its words still reach the removed. */
export const SECRETS = 3;

type Hand = (deps: HurtDeps, event: Event) => Promise<string>;
const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
const pick = <T>(from: readonly T[], target: number): T => from[target % from.length]!;
const forced = (random: Random, share: number) => () => random.chance(share);

const killed: (role: 'gateways' | 'workers') => Hand =
  (role) =>
  async ({ world }, { target, forMs }) => {
    const process = pick(world[role], target);
    const away = await process.inTurn(() => process.kill(forMs));
    return `${process.name} was killed, and was back after ${seconds(away)}`;
  };
const frozen: (role: 'gateways' | 'workers') => Hand =
  (role) =>
  async ({ world }, { target, forMs }) => {
    const process = pick(world[role], target);
    await process.inTurn(() => process.freeze(forMs));
    return `${process.name} was frozen for ${seconds(forMs)}`;
  };
const restarted: (role: 'gateways' | 'workers') => Hand =
  (role) =>
  async ({ world }, { target }) => {
    const process = pick(world[role], target);
    const away = await process.inTurn(() => process.restart());
    return `${process.name} was told to end, and was back after ${seconds(away)}`;
  };
const storeKilled: (store: 'postgres' | 'redis') => Hand =
  (store) =>
  async ({ world }, { forMs }) => {
    const away = await world[store].inTurn(() => world[store].kill(forMs));
    return `${world[store].name} was killed, and was back after ${seconds(away)}`;
  };
const storeFrozen: (store: 'postgres' | 'redis') => Hand =
  (store) =>
  async ({ world }, { forMs }) => {
    await world[store].inTurn(() => world[store].freeze(forMs));
    return `${world[store].name} was frozen for ${seconds(forMs)}`;
  };

/** Hurts a link for a while. */
const linkHurt = async (link: TcpLink, forMs: number, act: (link: TcpLink) => void) => {
  act(link);
  await delay(forMs);
  link.heal();
};

const HANDS: Record<Fault, Hand> = {
  'gateway.kill': killed('gateways'),
  'gateway.freeze': frozen('gateways'),
  'gateway.restart': restarted('gateways'),
  'worker.kill': killed('workers'),
  'worker.freeze': frozen('workers'),
  'worker.restart': restarted('workers'),
  'redis.kill': storeKilled('redis'),
  'redis.freeze': storeFrozen('redis'),
  'postgres.kill': storeKilled('postgres'),
  'postgres.freeze': storeFrozen('postgres'),

  'redis.disconnect': async ({ world, random }, { share }) => {
    const redis = new Redis(world.redisUrl, { maxRetriesPerRequest: null });
    redis.on('error', () => undefined);
    try {
      const list = (await redis.client('LIST')) as string;
      const lines = list.split('\n').filter((line) => line.includes('name=muster-') && random.chance(share));
      for (const line of lines) await redis.client('KILL', 'ID', /^id=(\d+)/.exec(line)?.[1] ?? '');
      return `${lines.length} connections to Redis were killed`;
    } finally {
      redis.disconnect();
    }
  },
  'postgres.terminate': async ({ database }, { share }) => {
    const sql = `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'muster%' and random() < $1`;
    const rows = await database.query(sql, [share]).catch(() => []);
    return `${rows.length} connections to Postgres were terminated`;
  },

  'clients.reset': async ({ world, random }, { share }) =>
    `${world.front.reset(forced(random, share))} connections of clients were reset`,
  'clients.stall': async ({ world }, { forMs }) => {
    await linkHurt(world.front, forMs, (link) => link.stall());
    return `nothing passed between clients and gateways for ${seconds(forMs)}`;
  },
  'clients.swallow': async ({ world, random }, { forMs, share }) => {
    let count = 0;
    await linkHurt(world.front, forMs + 6_000, (link) => (count = link.swallow(forced(random, share))));
    return `${count} connections of clients were swallowed`;
  },
  'clients.refuse': async ({ world, random }, { forMs, share }) => {
    await linkHurt(world.front, forMs, (link) => {
      link.refuse();
      link.reset(forced(random, share));
    });
    return `clients were cut and turned away for ${seconds(forMs)}`;
  },
  'store-link.reset': async ({ world }, { target }) => {
    const { name, link } = pick(world.storeLinks, target);
    return `${name}: ${link.reset()} connections were reset`;
  },
  'store-link.stall': async ({ world }, { target, forMs }) => {
    const { name, link } = pick(world.storeLinks, target);
    await linkHurt(link, forMs, () => link.stall());
    return `${name}: nothing passed for ${seconds(forMs)}`;
  },
  'store-link.refuse': async ({ world }, { target, forMs }) => {
    const { name, link } = pick(world.storeLinks, target);
    await linkHurt(link, forMs, () => {
      link.refuse();
      link.reset();
    });
    return `${name}: cut and turned away for ${seconds(forMs)}`;
  },

  'crowd.freeze': async ({ crowd }, { target, forMs }) => {
    const process = pick(crowd.processes, target);
    process.freeze();
    await delay(forMs);
    process.thaw();
    return `${process.name} slept for ${seconds(forMs)}, with all its tabs`;
  },
  'tab.crash': (deps, event) => reloaded(deps, event, true),
  'tab.reload': (deps, event) => reloaded(deps, event, false),

  'member.remove': async (deps, event) => {
    const { cast, people, deleted } = deps;
    const list = pick(
      cast.lists.filter((one) => !deleted.has(one)),
      event.target,
    );
    return removed(deps, list, people[pick(list.members, Math.floor(event.target / cast.lists.length))]!, event.forMs);
  },
  'reader.remove': async (deps, event) => {
    for (const since = performance.now(); performance.now() - since < READER_WITHIN_MS; await delay(100)) {
      const found = await readerIn(deps).catch(() => undefined);
      if (found) return `in the middle of a run's words, ${await removed(deps, found.list, found.person, event.forMs)}`;
    }
    return 'nobody read the words of a run';
  },

  'list.delete': async ({ crowd, cast, deleted }, { target }) => {
    const spare = cast.lists.slice(KEPT_LISTS).filter((one) => !deleted.has(one));
    if (spare.length === 0) return 'no list was left to be deleted';
    const list = pick(spare, target);
    deleted.add(list);
    await crowd.at(list.steward).call('mutate', { seat: list.steward, name: 'list.delete', args: { id: list.id } });
    return `${list.scope} was deleted, with ${list.threads.length} conversations`;
  },

  'everything.roll': async ({ world }) => {
    for (const process of [...world.gateways, ...world.workers]) await process.inTurn(() => process.restart());
    for (const store of [world.redis, world.postgres]) await store.inTurn(() => store.restart());
    return 'everything was restarted, one after the other';
  },
};

/** Removes a member, and invites them again. */
async function removed(deps: HurtDeps, list: ListPlan, person: Reader, forMs: number): Promise<string> {
  const { crowd, deleted } = deps;
  const steward = crowd.at(list.steward);
  const tell = (name: string, args: object) => steward.call('mutate', { seat: list.steward, name, args });
  const listId = list.id;
  const who = `${person.userId} of list:${listId}`;
  try {
    await tell('member.remove', { listId, userId: person.userId });
  } catch {
    return `${who} was not there to be removed`;
  }
  for (let n = 0; n < SECRETS; n++) await tell('task.create', { id: v7(), listId, title: 'Not for the removed' });
  await delay(forMs);
  if (deleted.has(list)) return `${who} was removed, and then the list deleted`;
  await tell('member.invite', { listId, email: person.email, role: 'editor' });
  return `${who} was removed, and invited again after ${seconds(forMs)}`;
}

/** Somebody who reads the words of a run as they come, and may be removed from its list. */
async function readerIn({ crowd, cast, people, database }: HurtDeps) {
  const reading = (await crowd.all('reading')).flat();
  const lists = reading.length > 0 ? await database.listsOfRuns(reading.map(({ runId }) => runId)) : new Map();
  for (const { userId, runId } of reading) {
    const list = cast.lists.find(({ scope }) => scope === lists.get(runId));
    const person = people.find((one) => one.userId === userId);
    if (list && person && people[list.owner] !== person) return { list, person };
  }
  return undefined;
}

/** Some tabs at once, on one machine or several. */
async function reloaded({ cast, crowd, random }: HurtDeps, { share }: Event, isCrash: boolean): Promise<string> {
  const chosen = cast.seats.filter(() => random.chance(share * 0.3));
  await Promise.all(chosen.map(({ name }) => crowd.at(name).call('reload', { seat: name, isCrash })));
  return `${chosen.length} tabs ${isCrash ? 'crashed' : 'were reloaded'}`;
}
