import type { CommandArgs } from '@muster/protocol/commands';
import type { Stored } from '@muster/protocol/entity';
import { scopeOf, type ScopeId } from '@muster/protocol/id';
import { LABEL_COLORS, type LabelColor } from '@muster/protocol/label';
import { LIMITS } from '@muster/protocol/limits';
import { reject, type Command } from '../command.ts';
import { requireRole, rejectAsUnseen } from '../permissions.ts';
import type { State } from '../state.ts';

/** @throws {MusterError} `not_found`, `forbidden` */
function requireLabel(state: State, id: string): Stored<'label'> {
  const label = state.get('label', id);
  if (!label) rejectAsUnseen();
  requireRole(state, label.scope, 'editor');
  return label;
}

/** Names are unique in a list, whatever their case: `#Food` and `#food` are one label. */
function requireFreeName(state: State, scope: ScopeId, name: string, except?: string): void {
  const wanted = name.toLowerCase();
  const twin = state.all(scope, 'label').find(({ id, value }) => id !== except && value.name.toLowerCase() === wanted);
  if (twin) reject('conflict', `There is a label “${twin.value.name}” already.`);
}

/** The colour that the list uses least, the first of them in order: the same on the client and the server. */
function nextColor(labels: Stored<'label'>[]): LabelColor {
  const uses = (color: LabelColor) => labels.filter(({ value }) => value.color === color).length;
  return LABEL_COLORS.reduce((best, color) => (uses(color) < uses(best) ? color : best));
}

export const labelCreate: Command<CommandArgs<'label.create'>> = {
  name: 'label.create',
  optimistic: true,
  touches: ({ listId }) => [{ touch: 'scope', scope: scopeOf('list', listId) }],
  reads: ({ id, listId }) => [
    { need: 'entity', type: 'label', id },
    { need: 'all', scope: scopeOf('list', listId), type: 'label' },
  ],
  decide(state, { id, listId, name, color }) {
    const scope = scopeOf('list', listId);
    requireRole(state, scope, 'editor');
    if (state.isTaken('label', id)) reject('conflict', 'This id is taken.');
    const labels = state.all(scope, 'label');
    if (labels.length >= LIMITS.labelsInList) reject('limit_reached', 'This list has too many labels.');
    requireFreeName(state, scope, name);
    const value = { name, color: color ?? nextColor(labels) };
    return { effects: [{ scope, effect: { op: 'put', type: 'label', id, value } }] };
  },
};

export const labelUpdate: Command<CommandArgs<'label.update'>> = {
  name: 'label.update',
  optimistic: true,
  touches: ({ id }) => [{ touch: 'holder', type: 'label', id }],
  reads: ({ id }) => [
    { need: 'entity', type: 'label', id },
    { need: 'siblingLabels', labelId: id },
  ],
  decide(state, { id, fields }) {
    const label = requireLabel(state, id);
    const changed = Object.entries(fields).filter(
      ([field, value]) => value !== undefined && value !== label.value[field as keyof typeof label.value],
    );
    if (changed.length === 0) return { effects: [] };
    if (fields.name !== undefined) requireFreeName(state, label.scope, fields.name, id);
    return {
      effects: [
        { scope: label.scope, effect: { op: 'patch', type: 'label', id, fields: Object.fromEntries(changed) } },
      ],
    };
  },
};

/** Tasks keep the id of a deleted label; readers pass over what they do not find. */
export const labelDelete: Command<CommandArgs<'label.delete'>> = {
  name: 'label.delete',
  optimistic: true,
  touches: ({ id }) => [{ touch: 'holder', type: 'label', id }],
  reads: ({ id }) => [{ need: 'entity', type: 'label', id }],
  decide(state, { id }) {
    const label = requireLabel(state, id);
    return { effects: [{ scope: label.scope, effect: { op: 'del', type: 'label', id } }] };
  },
};
