import type { EntityType } from '@muster/protocol/entity';
import { scopeOf, type ScopeId } from '@muster/protocol/id';
import { reject, type Command, type ScopedEffect } from '../command.ts';
import { changeRole } from './member.ts';

/**
 * Erasing a person, in steps that each may be repeated: leaving every list, taking back what they said in conversations
 * that others keep, and the end of their own scope. The subject is the person. What commit cannot know (which lists, which
 * messages) is found before; what was found too late is found by the next round.
 */

const del = (scope: ScopeId, type: EntityType, id: string): ScopedEffect => ({
  scope,
  effect: { op: 'del', type, id },
});

export interface ErasureLeaveArgs {
  listId: string;
  /** The other members, those who joined first before the rest. */
  successors: string[];
}

export type ErasureLeaveResult = { left: 'nothing' | 'list' } | { left: 'owned'; heir: string } | { left: 'deleted' };

/** Leaves a list. The last owner's goes to the editor who has been there longest; without an editor it is deleted. */
export const erasureLeave: Command<ErasureLeaveArgs> = {
  name: 'erasure.leave',
  optimistic: false,
  isInternal: true,
  isMembership: true,
  touches: ({ listId }, { subject }) => [
    { touch: 'scope', scope: scopeOf('list', listId) },
    { touch: 'scope', scope: scopeOf('user', subject) },
    { touch: 'members', listId },
  ],
  reads: ({ listId }, { subject }) => [
    { need: 'all', scope: scopeOf('list', listId), type: 'member' },
    { need: 'entity', type: 'list', id: listId },
    { need: 'entity', type: 'membership', id: listId, scope: scopeOf('user', subject) },
  ],
  decide(state, { listId, successors }, { subject }) {
    const scope = scopeOf('list', listId);
    const own = scopeOf('user', subject);
    const isInSidebar = state.get('membership', listId, own) !== undefined;
    const fromSidebar = isInSidebar ? [del(own, 'membership', listId)] : [];
    const members = state.scopeState(scope) === 'live' ? state.all(scope, 'member') : [];
    const self = members.find(({ id }) => id === subject);
    const nothing: ErasureLeaveResult = { left: 'nothing' };
    if (!self) return { effects: fromSidebar, result: nothing };

    const others = members.filter(({ id }) => id !== subject);
    const leave = [del(scope, 'member', subject), ...fromSidebar];
    const bump = { write: 'bump' as const, acl: scope };
    if (self.value.role !== 'owner' || others.some(({ value }) => value.role === 'owner')) {
      const result: ErasureLeaveResult = { left: 'list' };
      return { effects: leave, acl: [bump], result };
    }
    const editors = others.filter(({ value }) => value.role === 'editor').map(({ id }) => id);
    const heir = successors.find((id) => editors.includes(id)) ?? editors.sort()[0];
    if (heir !== undefined) {
      const result: ErasureLeaveResult = { left: 'owned', heir };
      return { effects: [...changeRole(listId, heir, 'owner'), ...leave], acl: [bump], result };
    }
    const result: ErasureLeaveResult = { left: 'deleted' };
    return {
      effects: [
        ...others.map(({ id }) => del(scopeOf('user', id), 'membership', listId)),
        ...others.map(({ id }) => del(scope, 'member', id)),
        ...leave,
        del(scope, 'list', listId),
      ],
      gone: [{ scope, reason: 'deleted' }],
      acl: [bump],
      result,
    };
  },
};

export interface ErasureForgetArgs {
  threadId: string;
  messageIds: string[];
  runIds: string[];
}

/** What they said in a conversation of others, and what they were answered there. */
export const erasureForget: Command<ErasureForgetArgs> = {
  name: 'erasure.forget',
  optimistic: false,
  isInternal: true,
  touches: ({ threadId }) => [{ touch: 'scope', scope: scopeOf('thread', threadId) }],
  reads: ({ messageIds, runIds }) => [
    ...messageIds.map((id) => ({ need: 'entity' as const, type: 'message' as const, id })),
    ...runIds.flatMap((id) => [
      { need: 'entity' as const, type: 'run' as const, id },
      { need: 'items' as const, runId: id },
    ]),
  ],
  decide(state, { threadId, messageIds, runIds }) {
    const scope = scopeOf('thread', threadId);
    if (state.scopeState(scope) !== 'live') return { effects: [] };
    const runs = runIds.filter((id) => state.get('run', id)?.scope === scope);
    const items = state.all(scope, 'run_item').filter(({ value }) => runs.includes(value.runId));
    return {
      effects: [
        ...messageIds.filter((id) => state.get('message', id)?.scope === scope).map((id) => del(scope, 'message', id)),
        ...items.map(({ id }) => del(scope, 'run_item', id)),
        ...runs.map((id) => del(scope, 'run', id)),
      ],
      hints: runs.map((runId) => ({ hint: 'stop', runId })),
    };
  },
};

/** Their own scope goes, with the conversations in it. */
export const erasureEnd: Command<Record<string, never>> = {
  name: 'erasure.end',
  optimistic: false,
  isInternal: true,
  isMembership: true,
  touches: (_args, { subject }) => [{ touch: 'scope', scope: scopeOf('user', subject) }],
  reads: (_args, { subject }) => [
    { need: 'all', scope: scopeOf('user', subject), type: 'membership' },
    { need: 'all', scope: scopeOf('user', subject), type: 'thread' },
    { need: 'entity', type: 'settings', id: subject },
  ],
  decide(state, _args, { subject }) {
    const scope = scopeOf('user', subject);
    if (state.scopeState(scope) !== 'live') return { effects: [] };
    if (state.all(scope, 'membership').length > 0) reject('conflict', 'They came into another list meanwhile.');
    return {
      effects: [
        ...state.all(scope, 'thread').map(({ id }) => del(scope, 'thread', id)),
        ...(state.get('settings', subject) ? [del(scope, 'settings', subject)] : []),
      ],
      gone: [{ scope, reason: 'deleted' }],
      acl: [{ write: 'bump', acl: scope }],
    };
  },
};
