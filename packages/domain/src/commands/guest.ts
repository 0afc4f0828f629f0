import { scopeOf } from '@muster/protocol/id';
import { reject, type Command, type ScopedEffect } from '../command.ts';
import { byPlace, posBetween } from '../ordering.ts';
import { isAtLeast } from '../permissions.ts';

/**
 * A guest who signs up: memberships, personal threads and settings pass to the person. The guest's principal stays and
 * points to its heir, so that logged ids keep their meaning; clients of `user:<guest>` hear that it moved. Doing it
 * again after a failure changes nothing.
 */
export const guestMerge: Command<{ guestId: string }> = {
  name: 'guest.merge',
  optimistic: false,
  isInternal: true,
  isMembership: true,
  touches: ({ guestId }, { subject }) => [
    { touch: 'scope', scope: scopeOf('user', guestId) },
    { touch: 'scope', scope: scopeOf('user', subject) },
    { touch: 'memberships', userId: guestId },
  ],
  reads: ({ guestId }, { subject }) => [
    { need: 'guest', guestId, heirId: subject },
    { need: 'lastMembership', userId: subject },
  ],
  decide(state, { guestId }, { subject }) {
    const from = scopeOf('user', guestId);
    const to = scopeOf('user', subject);
    if (guestId === subject) reject('invalid', 'A guest cannot become itself.');
    if (state.scopeState(from) !== 'live') return { effects: [] };
    const effects: ScopedEffect[] = [];
    const acl = [
      { write: 'merge' as const, guest: guestId, heir: subject },
      { write: 'bump' as const, acl: from },
    ];
    let lastPos = state.lastMembershipPos(subject);
    const memberships = state.all(from, 'membership').map(({ id, value }) => ({ id, ...value }));
    const bumps = memberships.map(({ id }) => ({ write: 'bump' as const, acl: scopeOf('list', id) }));
    for (const { id: listId, ...value } of memberships.sort(byPlace)) {
      const list = scopeOf('list', listId);
      const own = state.get('member', subject, list);
      const role = own && isAtLeast(own.value.role, value.role) ? own.value.role : value.role;
      effects.push({ scope: list, effect: { op: 'del', type: 'member', id: guestId } });
      effects.push({ scope: list, effect: { op: 'put', type: 'member', id: subject, value: { role } } });
      if (own) {
        effects.push({ scope: to, effect: { op: 'patch', type: 'membership', id: listId, fields: { role } } });
      } else {
        lastPos = posBetween(lastPos, null);
        const moved = { ...value, role, pos: lastPos };
        effects.push({ scope: to, effect: { op: 'put', type: 'membership', id: listId, value: moved } });
      }
      effects.push({ scope: from, effect: { op: 'del', type: 'membership', id: listId } });
    }
    for (const thread of state.all(from, 'thread')) {
      effects.push({ scope: from, effect: { op: 'del', type: 'thread', id: thread.id } });
      effects.push({ scope: to, effect: { op: 'put', type: 'thread', id: thread.id, value: { ...thread.value } } });
    }
    const settings = state.get('settings', guestId);
    if (settings && !state.get('settings', subject)) {
      effects.push({ scope: from, effect: { op: 'del', type: 'settings', id: guestId } });
      effects.push({ scope: to, effect: { op: 'put', type: 'settings', id: subject, value: { ...settings.value } } });
    }
    return { effects, acl: [...acl, ...bumps], gone: [{ scope: from, reason: 'moved', to }] };
  },
};
