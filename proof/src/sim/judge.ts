import { parseScope, type ScopeId } from '@muster/protocol/id';
import type { EntityType } from '@muster/protocol/entity';
import { checkAcknowledged, checkKept } from '../oracles/acknowledged.ts';
import { checkContiguous } from '../oracles/contiguous.ts';
import { checkDiskCopies } from '../oracles/disk-copies.ts';
import { checkEpochs } from '../oracles/epochs.ts';
import { checkOnce } from '../oracles/exactly-once.ts';
import { checkFolded } from '../oracles/folded-log.ts';
import { checkOverwritten } from '../oracles/overwritten.ts';
import { checkPending } from '../oracles/pending.ts';
import { checkRemoved } from '../oracles/removed-members.ts';
import { checkSameOrder } from '../oracles/same-order.ts';
import { checkEnded, checkStoredOnce, checkTexts, checkToolEffects } from '../oracles/runs.ts';
import { checkStrangers, checkWriters } from '../oracles/strangers.ts';
import { compareImages, imageOf, type ScopeImage } from '../oracles/scope-image.ts';
import { violation, type Violation } from '../oracles/violation.ts';
import type { Tab } from './people/tab.ts';
import { readLog, type StoredChange } from './store/setting.ts';
import { EPOCH_MS } from './time/install.ts';
import type { World } from './world.ts';

const TYPES: Record<string, EntityType[]> = {
  list: ['list', 'member', 'task', 'label', 'thread'],
  thread: ['message', 'run', 'run_item'],
  user: ['membership', 'settings', 'thread'],
};

/** At rest: what Postgres holds, what was told on the way, and what every tab holds, stores and shows. */
export async function judge(world: World): Promise<Violation[]> {
  const { record, people, tabs } = world;
  const { log, scopes, silent, runs } = await readLog(world.database);
  const known = scopes.filter(({ isGone }) => !isGone).map(({ scope }) => scope as ScopeId);
  const gone = new Set(scopes.filter(({ isGone }) => isGone).map(({ scope }) => scope));
  const images = new Map<string, ScopeImage>();
  const visible = new Map<string, Set<string>>();
  for (const { id } of people) {
    const found = await world.database.readScopes(id, known);
    visible.set(id, new Set(found.map(({ scope }) => scope)));
    for (const { scope, seq, entities } of found) images.set(scope, imageOf(scope, seq, entities));
  }
  const acls = new Map(scopes.map(({ scope, acl }) => [scope, acl]));
  const listOf = (scope: string) => {
    const acl = acls.get(scope);
    return acl?.startsWith('list:') === true ? acl : undefined;
  };
  // Turns count from the moment at which their mutation reached a gateway, in the run's own time.
  const dated = log.map((row) => ({
    ...row,
    at: EPOCH_MS + (row.nonce === null ? 0 : (record.arrivals.get(row.nonce) ?? 0)),
  }));
  const settled = new Set([...record.settled, ...silent, ...tabs.flatMap(({ refused }) => [...refused])]);
  const found = [
    ...checkContiguous(log, scopes),
    ...checkOnce(log),
    ...checkAcknowledged(log, scopes, record.answers),
    ...checkKept(log, record.kept, settled),
    ...checkSameOrder(log, scopes, record.heard),
    ...checkFolded(log, scopes, images),
    ...checkOverwritten(log),
    ...checkRemoved(dated, listOf, record.deliveries),
    ...checkWriters(log, listOf),
    ...checkEpochs(log, listOf),
    ...checkStrangers(log, listOf, record.deliveries),
    // Disks lag behind a log that went back, until they are told.
    ...checkDiskCopies(log, world.restores > 0 ? [] : record.copies),
    ...checkEnded(runs),
    ...checkTexts(log, world.restores > 0 ? [] : record.texts),
    ...checkStoredOnce(log),
    ...checkToolEffects(log, (title) => title.startsWith('asked for by ')),
    ...checkFlicker(log, record.vanished),
    ...checkPending(
      tabs.map(({ name, client: { status } }) => ({
        seat: name,
        connection: status.connection,
        pending: status.pending,
        isBehind: status.isBehind,
      })),
    ),
  ];
  for (const tab of tabs) {
    found.push(...checkTab(tab, images, visible.get(tab.device.person.id)!, world.restores > 0 ? undefined : gone));
  }
  return found;
}

function checkTab(
  tab: Tab,
  images: Map<string, ScopeImage>,
  visible: Set<string>,
  gone: Set<string> | undefined,
): Violation[] {
  const found: Violation[] = [];
  const { client, name, device } = tab;
  const stored = device.disk.current;
  const wanted = [...visible].filter((scope) => !scope.startsWith('thread:') || tab.followed.has(scope as ScopeId));
  for (const scope of wanted as ScopeId[]) {
    const image = images.get(scope)!;
    const state = client.scopeState(scope);
    // A conversation that went with a removal, or was not theirs when they asked: the page has left it, and whoever is let
    // in again opens it anew.
    if (scope.startsWith('thread:') && (state.state === 'gone' || state.state === 'error')) continue;
    if (state.state !== 'open') {
      found.push(
        violation('P2 equal at rest', `${name} does not hold ${scope}: it is ${state.state}`, { seat: name, scope }),
      );
      continue;
    }
    const types = TYPES[parseScope(scope).kind]!;
    const shown = types.flatMap((type) => client.all(scope, type).map(({ id, value }) => ({ type, id, value })));
    found.push(...compareImages(image, imageOf(scope, state.seq, shown), { seat: name, copy: 'visible' }));
    found.push(...compareImages(image, imageOf(scope, state.seq, tab.mirrorOf(scope)), { seat: name, copy: 'told' }));
    const kept = stored?.scopes.get(scope);
    const written = [...(kept?.entities.values() ?? [])];
    found.push(...compareImages(image, imageOf(scope, kept?.head.seq ?? 0, written), { seat: name, copy: 'stored' }));
    if (kept && kept.head.seq !== image.seq) {
      found.push(
        violation('P2 equal at rest', `the disk says ${kept.head.seq}, the log ${image.seq}`, { seat: name, scope }),
      );
    }
  }
  for (const scope of stored?.scopes.keys() ?? []) {
    if (visible.has(scope)) continue;
    // A conversation that was deleted, or lost with the log, while nobody here looked at it: the promise is about removals.
    if (scope.startsWith('thread:') && (gone === undefined || gone.has(scope))) continue;
    found.push(violation('P4 told', `${name} keeps ${scope}, which is not theirs any more`, { seat: name, scope }));
  }
  return found;
}

/** What a person made may only leave their sight because somebody took it away. */
function checkFlicker(log: StoredChange[], vanished: World['record']['vanished']): Violation[] {
  const deleted = new Set(log.flatMap(({ effects }) => effects.filter(({ op }) => op === 'del').map(({ id }) => id)));
  return vanished
    .filter(({ id, within }) => !deleted.has(id) && !deleted.has(within))
    .map(({ seat, id, what }) =>
      violation('P2 no flicker', `${seat} made ${what}, and lost sight of it`, { seat, id }),
    );
}
