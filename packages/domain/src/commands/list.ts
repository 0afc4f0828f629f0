import type { CommandArgs } from '@muster/protocol/commands';
import { scopeOf } from '@muster/protocol/id';
import { LIMITS } from '@muster/protocol/limits';
import { reject, type Command, type ScopedEffect } from '../command.ts';
import { requireRole } from '../permissions.ts';
import { putMembership } from './membership.ts';

const touchList = (id: string) => [{ touch: 'scope' as const, scope: scopeOf('list', id) }];
const readList = (id: string) => [{ need: 'entity' as const, type: 'list' as const, id }];

export const listCreate: Command<CommandArgs<'list.create'>> = {
  name: 'list.create',
  optimistic: true,
  touches: ({ id }, { subject }) => [...touchList(id), { touch: 'scope', scope: scopeOf('user', subject) }],
  reads: ({ id }, { subject }) => [...readList(id), { need: 'lastMembership', userId: subject }],
  decide(state, { id, title }, { subject, now }) {
    const scope = scopeOf('list', id);
    if (state.scopeState(scope) !== undefined || state.isTaken('list', id)) reject('conflict', 'This id is taken.');
    if (state.size(scopeOf('user', subject)) >= LIMITS.listsOfPerson)
      reject('limit_reached', 'You have too many lists.');
    return {
      create: [{ scope, aclOf: scope }],
      effects: [
        { scope, effect: { op: 'put', type: 'list', id, value: { title, archivedAt: null, createdAt: now } } },
        { scope, effect: { op: 'put', type: 'member', id: subject, value: { role: 'owner' } } },
        putMembership(state, subject, id, 'owner'),
      ],
    };
  },
};

export const listRename: Command<CommandArgs<'list.rename'>> = {
  name: 'list.rename',
  optimistic: true,
  touches: ({ id }) => touchList(id),
  reads: ({ id }) => readList(id),
  decide(state, { id, title }) {
    const scope = scopeOf('list', id);
    requireRole(state, scope, 'editor');
    if (state.get('list', id)?.value.title === title) return { effects: [] };
    return { effects: [{ scope, effect: { op: 'patch', type: 'list', id, fields: { title } } }] };
  },
};

export const listArchive: Command<CommandArgs<'list.archive'>> = {
  name: 'list.archive',
  optimistic: true,
  touches: ({ id }) => touchList(id),
  reads: ({ id }) => readList(id),
  decide(state, { id, archived }, { now }) {
    const scope = scopeOf('list', id);
    requireRole(state, scope, 'owner');
    const isArchived = (state.get('list', id)?.value.archivedAt ?? null) !== null;
    if (isArchived === archived) return { effects: [] };
    const fields = { archivedAt: archived ? now : null };
    return { effects: [{ scope, effect: { op: 'patch', type: 'list', id, fields } }] };
  },
};

/** The list, its members' memberships and its threads go; whoever had it open hears `scope:gone`. */
export const listDelete: Command<CommandArgs<'list.delete'>> = {
  name: 'list.delete',
  optimistic: true,
  isMembership: true,
  touches: ({ id }) => [...touchList(id), { touch: 'members', listId: id }],
  reads: ({ id }) => [...readList(id), { need: 'all', scope: scopeOf('list', id), type: 'member' }],
  decide(state, { id }) {
    const scope = scopeOf('list', id);
    requireRole(state, scope, 'owner');
    const members = state.all(scope, 'member').map((member) => member.id);
    return {
      effects: [
        ...members.map((userId): ScopedEffect => ({
          scope: scopeOf('user', userId),
          effect: { op: 'del', type: 'membership', id },
        })),
        ...members.map((userId): ScopedEffect => ({ scope, effect: { op: 'del', type: 'member', id: userId } })),
        { scope, effect: { op: 'del', type: 'list', id } },
      ],
      gone: [{ scope, reason: 'deleted' }],
      acl: [{ write: 'bump', acl: scope }],
    };
  },
};
