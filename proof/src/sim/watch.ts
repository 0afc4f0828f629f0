import { scopeOf } from '@muster/protocol/id';
import { violation } from '../oracles/violation.ts';
import type { Tab } from './people/tab.ts';
import type { World } from './world.ts';

const LOOK_EVERY_MS = 250;
/** P3 and P4: what is committed is shown, and a removal told, within this, even if every packet is lost. */
const BOUND_MS = 5_000;
/** A slow moment of the wire and of the disk. */
const SLACK_MS = 400;
/** Where nothing is wrong, nobody waits for positioning. */
const FAIR_MS = 1_200;
/** After a fault the last of it is found within the bound, and connections are new. */
const CALM_MS = 6_000;

/** Looks on while time passes: nobody whose way to the server is sound may lie behind for longer than promised. */
export function watchBounds(world: World): void {
  const { time, record } = world;
  const look = () => {
    time.after(LOOK_EVERY_MS, look);
    for (const tab of world.tabs) if (tab.hasCompany(world.tabs)) copyDisk(world, tab);
    const isFair = time.now - FAIR_MS > world.troubledUntil + CALM_MS || world.troubledUntil === 0;
    const bound = isFair ? FAIR_MS : BOUND_MS + SLACK_MS;
    const then = time.now - bound;
    for (const tab of world.tabs) {
      const isSound = tab.isAlive && !tab.isFrozen && !tab.isOffline && tab.client?.status.connection === 'online';
      if (!isSound || tab.link?.isSlow === true || isTroubled(world, tab)) {
        tab.disturbedAt = time.now;
        continue;
      }
      if (tab.disturbedAt > then) continue;
      for (const [scope, moments] of record.heads) {
        // A conversation that another tab read into the store, and nobody looks at here.
        if (scope.startsWith('thread:') && !tab.followed.has(scope)) continue;
        const wanted = moments.findLast(({ at }) => at <= then)?.seq ?? 0;
        const state = tab.client.scopeState(scope);
        if (state.state !== 'open' || state.seq >= wanted) continue;
        const what = `${tab.name} shows ${world.nameOf(scope)} at ${state.seq}, which was at ${wanted} ${bound} ms ago`;
        record.violations.push(violation('P3 staleness', what, { seat: tab.name, scope, seq: state.seq, wanted }));
        moments.length = 0;
      }
      checkTold(world, tab, then);
    }
  };
  time.after(LOOK_EVERY_MS, look);
}

function isTroubled(world: World, tab: Tab): boolean {
  const gateway = world.gatewayOf(tab);
  if (!gateway) return true;
  const { isFrozen, isCutFromPostgres, slowness } = gateway.weather;
  return isFrozen || isCutFromPostgres || slowness > 1;
}

/** Whoever was removed so long ago must not hold the list any more. */
function checkTold(world: World, tab: Tab, then: number): void {
  const userId = tab.device.person.id;
  for (const [list, turns] of world.record.turnsOf(userId)) {
    const turn = turns.at(-1);
    if (!turn || turn.isMember || turn.at > then) continue;
    const state = tab.client.scopeState(list);
    if (state.state !== 'open') continue;
    const what = `${tab.name} still holds ${world.nameOf(list)}, ${Math.round(world.time.now - turn.at)} ms after the removal`;
    world.record.violations.push(
      violation('P4 told', what, { seat: tab.name, scope: list, user: scopeOf('user', userId) }),
    );
    turns.length = 0;
  }
}

/** Takes down what the disk holds, to be compared with the log in the end: once, for as long as it holds the same. */
export function copyDisk({ record }: World, tab: Tab): void {
  for (const [scope, { head, entities }] of tab.device.disk.current?.scopes ?? []) {
    if (!scope.startsWith('list:')) continue;
    // A value that changes is another object: the disk replaces what it holds.
    const copies = [...entities.values()].map(({ type, id, value }) => ({ type, id, value }));
    record.copied({ seat: tab.name, scope, seq: head.seq, entities: copies, isPaged: record.paged.has(scope) });
  }
}
