import { createClient } from '@muster/client/client';
import { createMemoryStorage } from '@muster/client/memory-storage';
import type { MusterClient, Transport } from '@muster/client/types';
import { byPlace } from '@muster/domain/ordering';
import type { EntityType } from '@muster/protocol/entity';
import { scopeOf, type ScopeId } from '@muster/protocol/id';
import { compareImages, imageOf, placed, type ScopeImage } from '../../oracles/scope-image.ts';
import { violation, type Violation } from '../../oracles/violation.ts';
import type { Seat } from './seat.ts';

const TYPES: Record<string, EntityType[]> = {
  list: ['list', 'member', 'task', 'label', 'thread'],
  thread: ['message', 'run', 'run_item'],
  user: ['membership', 'settings', 'thread'],
};

/** A way to the server that leads nowhere. */
const nowhere: Transport = { connect: () => ({ send: () => undefined, close: () => undefined }) };

/**
 * What a tab holds against what the server holds: to the eye now, and on its disk, as a reload without a network would
 * paint it; for each scope that is its person's to see, and nothing of any other list.
 */
export async function compareSeat(
  seat: Seat,
  images: Record<string, ScopeImage>,
  lists: Record<string, string[]>,
): Promise<Violation[]> {
  const { disk, url, token, name } = seat.options;
  const reloaded = createClient({ url, token, storage: createMemoryStorage(disk), transport: nowhere });
  await reloaded.start();
  try {
    return [
      ...compareClient(seat.client, seat, images, lists, 'visible'),
      ...compareClient(reloaded, seat, images, lists, 'stored'),
    ];
  } catch (error) {
    return [violation('P2 equal at rest', `it could not be read: ${(error as Error).message}`, { seat: name })];
  } finally {
    await reloaded.stop();
  }
}

function compareClient(
  client: MusterClient,
  seat: Seat,
  images: Record<string, ScopeImage>,
  lists: Record<string, string[]>,
  where: 'visible' | 'stored',
): Violation[] {
  const objects = { seat: seat.name, where };
  const own = Object.entries(lists).flatMap(([list, members]) => (members.includes(seat.userId) ? [list] : []));
  const wanted = [scopeOf('user', seat.userId), ...own, ...seat.threads()] as ScopeId[];
  const found = wanted.flatMap((scope) => {
    const image = images[scope];
    const held = heldImage(client, scope);
    // A conversation that another tab of the browser was told to wipe, late, is off the disk until it is opened anew.
    const isOffDisk = where === 'stored' && held.seq < 0 && scope.startsWith('thread:');
    return image && !isOffDisk ? compareImages(image, held, objects) : [];
  });
  const { pending } = client.status;
  if (pending > 0) found.push(violation('P2 pending', `${pending} mutations wait`, objects));
  for (const list of Object.keys(lists) as ScopeId[]) {
    if (!own.includes(list) && heldTypes(list).some((type) => client.all(list, type).length > 0))
      found.push(violation('P4 told', 'a list that is no longer theirs is held', { ...objects, scope: list }));
  }
  return found;
}

const heldTypes = (scope: ScopeId): EntityType[] => TYPES[scope.slice(0, scope.indexOf(':'))] ?? [];

function heldImage(client: MusterClient, scope: ScopeId): ScopeImage {
  const entities = heldTypes(scope).flatMap((type) => client.all(scope, type));
  const state = client.scopeState(scope);
  const seq = state.state === 'open' ? state.seq : -1;
  if (!scope.startsWith('list:')) return imageOf(scope, seq, entities, placed(entities));
  // The order as the page has it.
  const tasks = client.all(scope, 'task').map(({ id, value }) => ({ id, pos: value.pos }));
  return imageOf(
    scope,
    seq,
    entities,
    tasks.sort(byPlace).map(({ id }) => id),
  );
}
