import { scopeOf } from '@muster/protocol/id';
import { v7 } from 'uuid';
import type { Random } from '../random.ts';
import type { World } from '../world.ts';
import { createMemoryDisk } from '@muster/client/memory-storage';
import { act, follow, type ActPorts } from './act.ts';
import type { Tab } from './tab.ts';

const WRITES = ['task.create', 'task.update', 'message.send', 'thread.open'] as const;

/** A list that this person may remove somebody from, and whom. */
function someMember({ client }: Tab, random: Random): { listId: string; userId: string } | undefined {
  if (client.userId === undefined) return undefined;
  const owned = client
    .all(scopeOf('user', client.userId), 'membership')
    .filter(({ value }) => value.role === 'owner')
    .map(({ id }) => id);
  const listId = random.pick(owned);
  if (listId === undefined) return undefined;
  const members = client.all(scopeOf('list', listId), 'member').filter(({ id }) => id !== client.userId);
  const userId = random.pick(members)?.id;
  return userId === undefined ? undefined : { listId, userId };
}

/**
 * Somebody is removed from a list while they write to it, and the removal stands between its flights for a moment: the
 * oldest way to be told what one should not be, or to write where one may not.
 */
export function race(world: World, tab: Tab, random: Random, ports: ActPorts): void {
  const removal = someMember(tab, random);
  if (removal === undefined) return;
  const { listId, userId } = removal;
  const gateway = world.gatewayOf(tab);
  if (gateway) gateway.weather.pauseMs = random.between(20, 300);
  act('member.remove', tab, random, { ...ports, removal });
  for (const theirs of world.tabs.filter(({ device }) => device.person.id === userId)) {
    for (let write = 0; write < 3; write++) {
      const kind = random.pick(WRITES)!;
      world.time.after(random.between(0, 120), () => {
        if (theirs.isAlive && !theirs.isFrozen && theirs.client !== undefined)
          act(kind, theirs, random, { ...ports, listId });
      });
    }
  }
  // And who stays writes on, which the removed must not hear of.
  world.time.after(random.between(20, 400), () => {
    if (tab.isAlive && !tab.isFrozen) {
      act('task.create', tab, random, { ...ports, listId });
      act('message.send', tab, random, { ...ports, listId });
    }
  });
}

const SPEECH = { lookEveryMs: 20, withinMs: 3_000, entries: 3, intoMs: 300, troubleMs: 3_000 };

/**
 * Somebody reads a run's words as they come, and is removed meanwhile, by a gateway that dies before it tells of it:
 * the words themselves must carry that rights have changed.
 */
export function removeWhileItSpeaks(world: World, tab: Tab, random: Random, ports: ActPorts): void {
  const { time, redis, record, tabs } = world;
  const removal = someMember(tab, random);
  if (removal === undefined) return;
  const { listId, userId } = removal;
  const threadId = random.pick(tab.client.all(scopeOf('list', listId), 'thread'))?.id;
  if (threadId === undefined) return act('thread.create', tab, random, { ...ports, listId });
  for (const one of tabs) {
    const isReader = one === tab || one.device.person.id === userId;
    if (isReader && one.isAlive && !one.isFrozen && one.client !== undefined) follow(one, scopeOf('thread', threadId));
  }
  const isThere = () => tab.isAlive && !tab.isFrozen;
  time.after(150, () => {
    if (isThere()) act('message.send', tab, random, { ...ports, listId, threadId });
  });
  const until = time.now + SPEECH.withinMs;
  const isHard = random.chance(0.7);
  const remove = () => {
    if (!isThere()) return;
    act('member.remove', tab, random, { ...ports, removal });
    const gateway = world.gatewayOf(tab);
    if (!isHard || gateway === undefined) return;
    gateway.weather.diesAtPublish = true;
    world.disturb((one) => world.gatewayOf(one) === gateway);
    world.troubledUntil = Math.max(world.troubledUntil, time.now + SPEECH.troubleMs);
  };
  // Once words of it have come.
  const isSpeaking = () =>
    [...redis.streams].some(
      ([runId, entries]) =>
        record.runScopes.get(runId) === scopeOf('thread', threadId) && entries.length >= SPEECH.entries,
    );
  const look = () => {
    if (isSpeaking()) return void time.after(random.between(0, SPEECH.intoMs), remove);
    if (time.now < until) time.after(SPEECH.lookEveryMs, look);
  };
  time.after(200, look);
}

const MOST_TABS = 8;
const ARRIVAL = { tasks: 20, overMs: 60, afterMs: 150, lateMs: 15 };

/**
 * A browser that was never here asks for a long list, and somebody writes to it once the first page has left: what comes
 * of that comes before the last page does, and nothing follows it for long.
 */
export function arrive(world: World, tab: Tab, random: Random, ports: ActPorts): void {
  const { device, client } = tab;
  if (client.userId === undefined || world.tabs.length >= MOST_TABS) return;
  const list = { id: v7(), title: 'a long list' };
  ports.onDone(tab, 'list.create', list, client.mutate('list.create', list));
  const write = () => {
    if (tab.isAlive && !tab.isFrozen) act('task.create', tab, random, { ...ports, listId: list.id });
  };
  for (let task = 0; task < ARRIVAL.tasks; task++) world.time.after(random.between(0, ARRIVAL.overMs), write);
  const arriving = { index: world.devices.length, person: device.person, disk: createMemoryDisk(), skewMs: 0 };
  world.devices.push(arriving);
  world.time.after(ARRIVAL.afterMs, () => {
    const { name } = world.addTab(arriving);
    world.onPaged = (seat, scope) => {
      if (seat !== name || scope !== scopeOf('list', list.id)) return;
      world.onPaged = undefined;
      world.time.after(random.between(0, ARRIVAL.lateMs), write);
    };
  });
}

/** Who writes to which of two tasks: the second one's hand is in both, and the first one comes back to the other late. */
const HANDS = '1a 1b 1a 1b 2a 2b 1a 1a 1a 1a 1b 2b 2a 1a 1a 1a 1a 1a 1b 1a'.split(' ');
const HAND_EVERY_MS = 80;

/**
 * Two people write to two tasks, the one far more often: that one's gateway commits in one flight, on what it remembers,
 * and then somebody else was there. Now and then an answer is lost meanwhile, and the mutation sent again.
 */
export function writeInTurn(world: World, tab: Tab, random: Random, ports: ActPorts): void {
  const { time, tabs } = world;
  const isThere = (one: Tab) => one.isAlive && !one.isFrozen && one.client !== undefined;
  if (!isThere(tab) || tab.client.userId === undefined) return;
  const lists = tab.client.all(scopeOf('user', tab.client.userId), 'membership').map(({ id }) => id);
  const listId = random.pick(lists.sort());
  if (listId === undefined) return;
  const [first, second] = tab.client
    .all(scopeOf('list', listId), 'task')
    .map(({ id }) => id)
    .sort();
  const other = random.pick(
    tabs.filter((one) => one !== tab && first && isThere(one) && one.client.get('task', first)),
  );
  if (second === undefined || other === undefined) return;
  const lost = random.chance(0.5) ? random.int(0, HANDS.length - 1) : -1;
  let at = 0;
  HANDS.forEach((hand, write) => {
    at += random.between(0, HAND_EVERY_MS);
    const one = hand.startsWith('1') ? tab : other;
    time.after(at, () => {
      if (!isThere(one)) return;
      if (write === lost && one.link) {
        one.link.losesNextAck = true;
        world.disturb((disturbed) => disturbed === one);
      }
      act('task.update', one, random, { ...ports, listId, taskId: hand.endsWith('a') ? first! : second });
    });
  });
}
