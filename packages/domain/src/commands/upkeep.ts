import { scopeOf } from '@muster/protocol/id';
import type { Command } from '../command.ts';
import { byPlace, posesBetween } from '../ordering.ts';

/** Gives all tasks of a list short keys again, in the order that they have. Commit runs it after a key grew too long. */
export const listRebalance: Command<{ listId: string }> = {
  name: 'list.rebalance',
  optimistic: false,
  isInternal: true,
  touches: ({ listId }) => [{ touch: 'scope', scope: scopeOf('list', listId) }],
  reads: ({ listId }) => [{ need: 'all', scope: scopeOf('list', listId), type: 'task' }],
  decide(state, { listId }) {
    const scope = scopeOf('list', listId);
    if (state.scopeState(scope) !== 'live') return { effects: [] };
    const tasks = state.all(scope, 'task').map(({ id, value }) => ({ id, pos: value.pos }));
    const poses = posesBetween(null, null, tasks.length);
    return {
      effects: tasks.sort(byPlace).map(({ id }, index) => ({
        scope,
        effect: { op: 'patch', type: 'task', id, fields: { pos: poses[index] } },
      })),
    };
  },
};
