import type { CommandArgs } from '@muster/protocol/commands';
import { scopeOf } from '@muster/protocol/id';
import type { Role } from '@muster/protocol/principal';
import { DEFAULT_SETTINGS } from '@muster/protocol/settings';
import { rejectAsUnseen } from '../permissions.ts';
import type { Command, ScopedEffect } from '../command.ts';
import { posBetween } from '../ordering.ts';
import type { State } from '../state.ts';

/**
 * A list enters a person's sidebar, at its end.
 * @throws {MusterError} `not_found` where the person was erased: a request of theirs that was still on its way
 */
export function putMembership(state: State, userId: string, listId: string, role: Role): ScopedEffect {
  if (state.scopeState(scopeOf('user', userId)) === 'gone') rejectAsUnseen();
  const pos = posBetween(state.lastMembershipPos(userId), null);
  const value = { role, pos, muted: false, seenSeq: 0 };
  return { scope: scopeOf('user', userId), effect: { op: 'put', type: 'membership', id: listId, value } };
}

/** How one person sees a list: its place, whether it is muted, how far they have seen it. Viewers have this too. */
export const membershipUpdate: Command<CommandArgs<'membership.update'>> = {
  name: 'membership.update',
  optimistic: true,
  touches: (_args, { subject }) => [{ touch: 'scope', scope: scopeOf('user', subject) }],
  reads: ({ listId }, { subject }) => [
    { need: 'entity', type: 'membership', id: listId, scope: scopeOf('user', subject) },
  ],
  decide(state, { listId, fields }, { subject }) {
    const scope = scopeOf('user', subject);
    const membership = state.get('membership', listId, scope);
    if (!membership) rejectAsUnseen();
    const changed = Object.entries(fields).filter(([field, value]) => {
      if (value === undefined || value === membership.value[field as keyof typeof fields]) return false;
      // What was seen on one device stays seen, whichever device tells last.
      return field !== 'seenSeq' || (value as number) > membership.value.seenSeq;
    });
    if (changed.length === 0) return { effects: [] };
    return {
      effects: [
        { scope, effect: { op: 'patch', type: 'membership', id: listId, fields: Object.fromEntries(changed) } },
      ],
    };
  },
};

export const settingsUpdate: Command<CommandArgs<'settings.update'>> = {
  name: 'settings.update',
  optimistic: true,
  touches: (_args, { subject }) => [{ touch: 'scope', scope: scopeOf('user', subject) }],
  reads: (_args, { subject }) => [{ need: 'entity', type: 'settings', id: subject }],
  decide(state, { fields }, { subject }) {
    const scope = scopeOf('user', subject);
    if (state.scopeState(scope) === 'gone') rejectAsUnseen();
    const now = state.get('settings', subject)?.value;
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    if (!now) {
      const value = { ...DEFAULT_SETTINGS, ...given };
      return { effects: [{ scope, effect: { op: 'put', type: 'settings', id: subject, value } }] };
    }
    const changed = Object.entries(given).filter(([field, value]) => value !== now[field as keyof typeof now]);
    if (changed.length === 0) return { effects: [] };
    const effect = { op: 'patch' as const, type: 'settings', id: subject, fields: Object.fromEntries(changed) };
    return { effects: [{ scope, effect }] };
  },
};
