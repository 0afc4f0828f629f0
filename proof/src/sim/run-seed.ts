import { scopeOf } from '@muster/protocol/id';
import type { Tab } from './people/tab.ts';
import type { Violation } from '../oracles/violation.ts';
import { act, resetWords, seenTasks, type ActPorts } from './people/act.ts';
import { arrive, race, removeWhileItSpeaks, writeInTurn } from './people/race.ts';
import { judge } from './judge.ts';
import type { Plan } from './plan/plan.ts';
import { strike } from './plan/strike.ts';
import { Random } from './random.ts';
import { Record } from './record.ts';
import { emptyTables, prepareDatabase, setPages } from './store/backup.ts';
import { forgetCommitPorts } from './store/commit-client.ts';
import type { Database } from './store/database.ts';
import { installTime } from './time/install.ts';
import { VirtualTime } from './time/virtual-time.ts';
import { watchBounds } from './watch.ts';
import { World } from './world.ts';

/** Backoff grows to ten seconds, and a copied store takes a few rounds to become somebody of its own. */
const REST_WITHIN_MS = 60_000;
/** Positioning and heads come twice within this: whatever was lost last is found. */
const QUIET_MS = 6_000;
/** To look for rest at every event would be dear. */
const LOOK_EVERY_EVENTS = 20;
/** The judge reads each scope whole. */
const WHOLE_BYTES = 900_000;

export interface RunResult {
  violations: Violation[];
  fingerprint: string;
  lines: string[];
  events: number;
  virtualMs: number;
  ops: number;
  changes: number;
}

/** One run of a plan, from the first person to the verdict. */
export async function runPlan(plan: Plan, database: Database, isTold = false): Promise<RunResult> {
  await prepareDatabase(database);
  await emptyTables(database);
  await setPages(database, plan.pageBytes);
  const time = new VirtualTime();
  const uninstall = installTime(time, plan.seed);
  const record = new Record(isTold);
  const world = new World(plan, time, database, record);
  resetWords();
  try {
    await world.begin();
    schedule(world);
    watchBounds(world);
    await time.runUntil(world.startedAt + plan.endsAt);
    heal(world);
    const restsBy = time.now + REST_WITHIN_MS;
    do {
      await time.runUntil(restsBy, () => time.events % LOOK_EVERY_EVENTS === 0 && isAtRest(world));
      await time.runUntil(time.now + QUIET_MS);
      // That the log went back is told only now, perhaps: what was lost is offered again, and is no rest yet.
    } while (world.restores > 0 && !isAtRest(world) && time.now < restsBy);
    await setPages(database, WHOLE_BYTES);
    const late = await judge(world);
    const violations = [...record.violations, ...late];
    for (const { promise, what } of violations) record.note(time.now, `BROKEN ${promise}: ${what}`);
    return {
      violations,
      fingerprint: record.fingerprint,
      lines: record.lines,
      events: time.events,
      virtualMs: time.now,
      ops: record.kept.length,
      changes: record.heard.length,
    };
  } finally {
    await world.end();
    uninstall();
    forgetCommitPorts();
  }
}

function schedule(world: World): void {
  const { time, plan, record } = world;
  const ports: ActPorts = {
    people: world.people,
    lists: () => [...record.heads.keys()].filter((scope) => scope.startsWith('list:')),
    tasks: () => seenTasks(world.tabs),
    onDone: (of, name, args, { nonce, outcome }) => {
      record.note(time.now, `${of.name} ${name} ${world.describe(args)}`);
      void outcome.then(({ status }) => {
        if (status === 'dropped') return;
        if (status === 'applied') lookForFlicker(world, of, name, args);
        record.settled.add(nonce);
        if (status === 'applied') record.applied.add(nonce);
      });
    },
  };
  for (const step of plan.steps) {
    time.after(step.at, () => {
      if (step.is === 'fault') {
        record.note(time.now, `✗ ${step.kind} for ${Math.round(step.lastsMs)} ms`);
        return strike(world, step.kind, step.salt, Math.min(step.lastsMs, plan.endsAt - step.at));
      }
      const tab = world.tabs[step.tab];
      if (!tab?.isAlive || tab.isFrozen || tab.client === undefined) return;
      const random = new Random(step.salt, 'op');
      if (step.kind === 'removal race') race(world, tab, random, ports);
      else if (step.kind === 'removal while it speaks') removeWhileItSpeaks(world, tab, random, ports);
      else if (step.kind === 'arrival in a storm') arrive(world, tab, random, ports);
      else if (step.kind === 'two hands at one task') writeInTurn(world, tab, random, ports);
      else act(step.kind, tab, random, ports);
    });
  }
}

/** Acknowledged, and not yet confirmed by its own change: it must not blink. */
function lookForFlicker({ record, time }: World, tab: Tab, name: string, args: unknown): void {
  if (name !== 'task.create') return;
  const { id, listId } = args as { id: string; listId: string };
  const look = () => {
    const list = tab.client.scopeState(scopeOf('list', listId));
    if (!tab.isAlive || list.state !== 'open' || tab.client.get('task', id) !== undefined) return;
    record.vanished.push({ seat: tab.name, id, within: listId, what: name });
  };
  look();
  time.after(0, look);
  time.after(2, look);
}

/** All that is wrong ends, and everyone comes back. */
function heal(world: World): void {
  Object.assign(world.redis.weather, { drop: 0, duplicate: 0, reorder: 0, delay: 0 });
  for (const { weather } of world.gateways) {
    const wasCut = weather.isCutFromRedis;
    Object.assign(weather, { isCutFromRedis: false, isFrozen: false, slowness: 1, isCutFromPostgres: false });
    Object.assign(weather, { pauseMs: 0, cutsAtPause: false, breakAt: undefined, diesAtPublish: false });
    if (wasCut) world.redis.restored(weather);
  }
  for (const tab of world.tabs) {
    tab.isOffline = false;
    if (tab.link) {
      tab.link.losesNextAck = false;
      if (tab.link.isSlow) tab.link.drain();
    }
    if (tab.isFrozen) tab.thaw();
  }
  world.disturb();
}

function isAtRest({ tabs, gateways, desk }: World): boolean {
  return (
    desk.isIdle &&
    desk.workers.every(({ weather }) => !weather.isFrozen) &&
    gateways.every(({ isDead, isAccepting }) => !isDead && isAccepting) &&
    tabs.every(({ client, isAlive, isFrozen }) => {
      if (!isAlive || isFrozen || client === undefined) return false;
      const { connection, pending, isBehind } = client.status;
      return connection === 'online' && pending === 0 && !isBehind;
    })
  );
}
