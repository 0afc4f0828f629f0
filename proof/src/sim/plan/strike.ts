import { createMemoryDisk, type MemoryDisk } from '@muster/client/memory-storage';
import type { SimGateway } from '../net/gateway.ts';
import type { SimWorker } from '../net/worker.ts';
import type { Tab } from '../people/tab.ts';
import { Random } from '../random.ts';
import { backUp, restore } from '../store/backup.ts';
import type { World } from '../world.ts';
import type { FaultKind } from './plan.ts';

/** A line that does not drain for long is cut by whoever pings it. */
const MOST_SLOW_MS = 4_000;
const LOOK_EVERY_MS = 20;
/** How far into a run a worker is struck. */
const MOST_INTO_RUN_MS = 700;

/** Lets a fault begin, and end when its time is over. What it hits is disturbed: bounds count from its end. */
export function strike(world: World, kind: FaultKind, salt: number, lastsMs: number): void {
  const { time, redis } = world;
  const random = new Random(salt, 'fault');
  const tab = random.pick(world.tabs.filter(({ isAlive }) => isAlive))!;
  const gateway = random.pick(world.gateways.filter(({ isDead }) => !isDead));
  const onIt = (one: SimGateway) => (other: Tab) => world.gatewayOf(other) === one;
  const over = (end: () => void) => void time.after(lastsMs, end);
  world.troubledUntil = Math.max(world.troubledUntil, time.now + lastsMs);
  switch (kind) {
    case 'packets dropped':
      redis.weather.drop = random.pick([0.2, 0.6, 1])!;
      return over(() => (redis.weather.drop = 0));
    case 'packets doubled':
      redis.weather.duplicate = 0.5;
      return over(() => (redis.weather.duplicate = 0));
    case 'packets reordered':
      redis.weather.reorder = 0.5;
      return over(() => (redis.weather.reorder = 0));
    case 'packets delayed':
      redis.weather.delay = 0.4;
      return over(() => (redis.weather.delay = 0));
    case 'socket cut':
      // Half open now and then: the gateway goes on sending to nobody.
      tab.link?.cut(random.chance(0.3) ? random.between(500, 9_000) : random.between(0, 20), random.between(0, 20));
      return world.disturb((one) => one === tab);
    case 'acknowledgement lost':
      if (tab.link) tab.link.losesNextAck = true;
      return world.disturb((one) => one === tab);
    case 'tab crashed':
      tab.crash();
      return void time.after(random.between(20, lastsMs), () => tab.open());
    case 'tab frozen':
      tab.freeze();
      return over(() => tab.thaw());
    case 'tab offline':
      tab.isOffline = true;
      tab.link?.cut(random.between(0, 6_000), random.between(0, 20));
      return over(() => {
        tab.isOffline = false;
        world.disturb((one) => one === tab);
      });
    case 'clock skewed':
      tab.device.skewMs += random.pick([-3_600_000, -5_000, 5_000, 86_400_000])!;
      return world.disturb((one) => one.device === tab.device);
    case 'storage copied':
      return copyStorage(world, tab);
    case 'worker killed':
      return whileItWorks(world, random, time.now + lastsMs, (worker) => world.desk.kill(worker));
    case 'worker frozen':
      return whileItWorks(world, random, time.now + lastsMs, ({ weather }) => {
        weather.isFrozen = true;
        // Long enough for another one to take its work, and also where all else is well again.
        time.after(random.between(4_500, 9_000), () => (weather.isFrozen = false));
      });
    case 'reader slow':
      return slowDown(world, tab, Math.min(lastsMs, MOST_SLOW_MS));
    case 'restored':
      return restoreLater(world, lastsMs);
  }
  if (gateway === undefined) return;
  const { weather } = gateway;
  world.disturb(onIt(gateway));
  const ends = (end: () => void) =>
    over(() => {
      end();
      if (!gateway.isDead) world.disturb(onIt(gateway));
    });
  switch (kind) {
    case 'gateway cut from Redis':
      weather.isCutFromRedis = true;
      return ends(() => {
        weather.isCutFromRedis = false;
        redis.restored(weather);
      });
    case 'gateway killed':
      return gateway.die();
    case 'gateway killed before publishing':
      weather.diesAtPublish = true;
      return ends(() => (weather.diesAtPublish = false));
    case 'gateway frozen':
      weather.isFrozen = true;
      return ends(() => (weather.isFrozen = false));
    case 'gateway drained':
      return void gateway.drain();
    case 'commit broken before it is stored':
      weather.breakAt = random.pick(['before load', 'after load', 'before persist'] as const);
      return ends(() => (weather.breakAt = undefined));
    case 'commit broken after it was stored':
      weather.breakAt = 'after persist';
      return ends(() => (weather.breakAt = undefined));
    case 'commit paused between its flights':
      weather.pauseMs = random.between(5, 700);
      return ends(() => (weather.pauseMs = 0));
    case 'connection lost while it commits':
      // The client sends all of it again, elsewhere, while the first time is still under way.
      weather.pauseMs = random.between(300, 1_500);
      weather.cutsAtPause = true;
      return ends(() => Object.assign(weather, { pauseMs: 0, cutsAtPause: false }));
    case 'Postgres slow':
      weather.slowness = random.pick([5, 20, 60])!;
      return ends(() => (weather.slowness = 1));
    case 'Postgres away':
      weather.isCutFromPostgres = true;
      return ends(() => (weather.isCutFromPostgres = false));
  }
}

/** Strikes a worker in the middle of a run; whichever, where none has begun until the fault's time is over. */
function whileItWorks(world: World, random: Random, until: number, hit: (worker: SimWorker) => void): void {
  const { time, desk } = world;
  const look = () => {
    const workers = desk.workers.filter(({ isDead }) => !isDead);
    const busy = random.pick(workers.filter(({ isBusy }) => isBusy));
    if (busy === undefined && time.now < until) return void time.after(LOOK_EVERY_MS, look);
    const worker = busy ?? random.pick(workers);
    if (worker) time.after(busy ? random.between(0, MOST_INTO_RUN_MS) : 0, () => hit(worker));
  };
  look();
}

/** Another browser with a copy of this one's disk: two that believe to be the same client. */
function copyStorage(world: World, tab: Tab): void {
  const { device } = tab;
  if (world.tabs.length > 7 || device.disk.current === undefined) return;
  const disk: MemoryDisk = createMemoryDisk();
  for (const profile of device.disk.profiles) {
    const copy = structuredClone(profile);
    disk.profiles.add(copy);
    if (profile === device.disk.current) disk.current = copy;
  }
  world.hasCopies = true;
  const copied = { index: world.devices.length, person: device.person, disk, skewMs: 0 };
  world.devices.push(copied);
  world.addTab(copied);
}

function slowDown(world: World, tab: Tab, lastsMs: number): void {
  const { link } = tab;
  if (!link || link.isCut) return;
  link.isSlow = true;
  world.eyes.isSlow(link);
  world.time.after(lastsMs, () => {
    link.drain();
    world.disturb((one) => one === tab);
  });
  world.disturb((one) => one === tab);
}

/** A backup is taken now; after a while the database dies, and stands there again as it was. */
function restoreLater(world: World, afterMs: number): void {
  const { time, database, record } = world;
  void time.work.ask(() => backUp(database));
  time.after(afterMs, () => {
    // Whatever was being committed is gone with the server.
    for (const gateway of world.gateways) gateway.weather.isCutFromPostgres = true;
    const begin = () => {
      if (time.work.isBlocked || database.hasOpenTransaction) return void time.after(1, begin);
      const isBack = () => {
        for (const gateway of world.gateways) gateway.weather.isCutFromPostgres = false;
        record.forgetLostLog();
        world.restores += 1;
        world.eyes.forgetAll();
        world.desk.lookAtAll();
        world.disturb();
      };
      void time.work.ask(() => restore(database)).then(isBack);
    };
    time.after(5, begin);
  });
}
