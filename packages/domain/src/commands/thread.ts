import type { CommandArgs } from '@muster/protocol/commands';
import type { Stored } from '@muster/protocol/entity';
import { scopeOf } from '@muster/protocol/id';
import { LIMITS } from '@muster/protocol/limits';
import type { Thread } from '@muster/protocol/thread';
import { reject, type Command } from '../command.ts';
import { requireRole, rejectAsUnseen } from '../permissions.ts';
import type { State } from '../state.ts';

/** @throws {MusterError} `not_found`, `forbidden` */
function requireThread(state: State, id: string): Stored<'thread'> {
  const thread = state.get('thread', id);
  if (!thread) rejectAsUnseen();
  requireRole(state, thread.scope, 'editor');
  return thread;
}

/** In a list, shared with its members; without one, its author's own. */
export const threadCreate: Command<CommandArgs<'thread.create'>> = {
  name: 'thread.create',
  optimistic: true,
  touches: ({ id, listId }, { subject }) => [
    { touch: 'scope', scope: listId ? scopeOf('list', listId) : scopeOf('user', subject) },
    { touch: 'scope', scope: scopeOf('thread', id) },
  ],
  reads: ({ id, listId }, { subject }) => [
    { need: 'entity', type: 'thread', id },
    { need: 'all', scope: listId ? scopeOf('list', listId) : scopeOf('user', subject), type: 'thread' },
  ],
  decide(state, { id, listId, title }, { subject, now, actor }) {
    const home = listId ? scopeOf('list', listId) : scopeOf('user', subject);
    requireRole(state, home, 'editor');
    const scope = scopeOf('thread', id);
    if (state.scopeState(scope) !== undefined || state.isTaken('thread', id)) reject('conflict', 'This id is taken.');
    if (state.all(home, 'thread').length >= LIMITS.threadsInList) {
      reject('limit_reached', 'There are too many conversations here. Delete old ones first.');
    }
    const value: Thread = { kind: 'chat', title: title ?? '', status: 'open', createdAt: now, createdBy: actor.id };
    return {
      create: [{ scope, aclOf: home }],
      effects: [{ scope: home, effect: { op: 'put', type: 'thread', id, value } }],
    };
  },
};

export const threadRename: Command<CommandArgs<'thread.rename'>> = {
  name: 'thread.rename',
  optimistic: true,
  touches: ({ id }) => [{ touch: 'holder', type: 'thread', id }],
  reads: ({ id }) => [{ need: 'entity', type: 'thread', id }],
  decide(state, { id, title }) {
    const thread = requireThread(state, id);
    if (thread.value.title === title) return { effects: [] };
    return { effects: [{ scope: thread.scope, effect: { op: 'patch', type: 'thread', id, fields: { title } } }] };
  },
};

export const threadDelete: Command<CommandArgs<'thread.delete'>> = {
  name: 'thread.delete',
  optimistic: true,
  // Its own scope is touched too: an open run's commits must see it gone, not race past it.
  touches: ({ id }) => [
    { touch: 'holder', type: 'thread', id },
    { touch: 'scope', scope: scopeOf('thread', id) },
  ],
  reads: ({ id }) => [
    { need: 'entity', type: 'thread', id },
    { need: 'all', scope: scopeOf('thread', id), type: 'run' },
  ],
  decide(state, { id }) {
    const thread = requireThread(state, id);
    const scope = scopeOf('thread', id);
    return {
      effects: [{ scope: thread.scope, effect: { op: 'del', type: 'thread', id } }],
      gone: [{ scope, reason: 'deleted' }],
      hints: state.all(scope, 'run').map((run) => ({ hint: 'stop', runId: run.id })),
    };
  },
};
