import { scopeOf } from '@muster/protocol/id';
import type { Random } from '../random.ts';
import type { World } from '../world.ts';
import { act, type ActPorts } from './act.ts';
import type { Tab } from './tab.ts';

const WRITES = ['task.create', 'task.update', 'message.send', 'thread.open'] as const;

/**
 * Somebody is removed from a list while they write to it, and the removal stands between its flights for a moment: the
 * oldest way to be told what one should not be, or to write where one may not.
 */
export function race(world: World, tab: Tab, random: Random, ports: ActPorts): void {
  const { client } = tab;
  if (client.userId === undefined) return;
  const owned = client
    .all(scopeOf('user', client.userId), 'membership')
    .filter(({ value }) => value.role === 'owner')
    .map(({ id }) => id);
  const listId = random.pick(owned);
  if (listId === undefined) return;
  const members = client.all(scopeOf('list', listId), 'member').filter(({ id }) => id !== client.userId);
  const userId = random.pick(members)?.id;
  if (userId === undefined) return;
  const gateway = world.gatewayOf(tab);
  if (gateway) gateway.weather.pauseMs = random.between(20, 300);
  act('member.remove', tab, random, { ...ports, removal: { listId, userId } });
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
