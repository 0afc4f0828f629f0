import type { Condition } from '@muster/protocol/condition';
import { parseScope, scopeOf, type ScopeId } from '@muster/protocol/id';
import { DEFAULT_SETTINGS } from '@muster/protocol/settings';
import { v7 } from 'uuid';
import type { Edit } from './edits.ts';
import { inverseOfTasks } from './inverse-tasks.ts';
import type { Value } from './ref.ts';
import type { Inverse } from './step.ts';
import { changedFields, pick } from './value-fields.ts';

/** The few fields of a patch that are a person's to change by this command. */
function patched(edit: Edit, own: readonly string[]): { back: Value; now: Value } | undefined {
  const { before, after } = edit;
  if (!before || !after) return undefined;
  const fields = changedFields(before, after).filter((field) => own.includes(field));
  return fields.length === 0 ? undefined : { back: pick(before, fields), now: pick(after, fields) };
}

const still = ({ type, id }: Edit, fields: Value, scope?: ScopeId): Condition[] => [
  { type: type as Condition['type'], id, ...(scope ? { scope } : {}), fields },
];

function inverseOfLabel(edit: Edit, isLabelUsed: (id: string) => boolean): Inverse[] {
  const { scope, id, before, after } = edit;
  if (!before && !after) return [];
  if (!before && after) {
    const ifStill = still(edit, pick(after, ['name', 'color']));
    return [{ name: 'label.delete', args: { id }, ifStill, ...(isLabelUsed(id) ? {} : { onlyUnused: true as const }) }];
  }
  if (before && !after) {
    const { name, color } = before;
    return [{ name: 'label.create', args: { id, listId: parseScope(scope).id, name, color }, ifStill: [] }];
  }
  const patch = patched(edit, ['name', 'color']);
  if (!patch) return [];
  return [{ name: 'label.update', args: { id, fields: patch.back }, ifStill: still(edit, patch.now) }];
}

function inverseOfList(edit: Edit): Inverse[] {
  const { id, before, after } = edit;
  // Put away, not deleted: nothing that others have put into it since is lost, and it can be brought back.
  if (!before && after) {
    const ifStill = still(edit, pick(after, ['title', 'archivedAt']));
    return [{ name: 'list.archive', args: { id, archived: true }, ifStill }];
  }
  const title = patched(edit, ['title']);
  const archived = patched(edit, ['archivedAt']);
  return [
    ...(title ? [{ name: 'list.rename' as const, args: { id, ...title.back }, ifStill: still(edit, title.now) }] : []),
    ...(archived
      ? [
          {
            name: 'list.archive' as const,
            args: { id, archived: archived.back.archivedAt !== null },
            // When it was archived is the server's clock: expected once known.
            ifStill: still(edit, archived.now.archivedAt === null ? archived.now : {}),
            confirm: ['archivedAt'],
          },
        ]
      : []),
  ];
}

function inverseOfOwn(edit: Edit): Inverse[] {
  const { scope, type, id } = edit;
  if (type === 'membership') {
    const patch = patched(edit, ['pos', 'muted']);
    if (!patch) return [];
    return [
      { name: 'membership.update', args: { listId: id, fields: patch.back }, ifStill: still(edit, patch.now, scope) },
    ];
  }
  const defaults = DEFAULT_SETTINGS as unknown as Value;
  const patch = patched({ ...edit, before: edit.before ?? defaults }, Object.keys(defaults));
  return patch ? [{ name: 'settings.update', args: { fields: patch.back }, ifStill: still(edit, patch.now) }] : [];
}

function inverseOfThread(edit: Edit, writtenIn: (scope: ScopeId) => string[]): Inverse[] {
  const { scope, id, before, after } = edit;
  // There is no way back to what was said in it: it goes only while nobody has said anything but what made it.
  if (!before && after) {
    const [title] = still(edit, pick(after, ['title']));
    return [
      { name: 'thread.delete', args: { id }, ifStill: [{ ...title!, children: writtenIn(scopeOf('thread', id)) }] },
    ];
  }
  if (before && !after) {
    const home = parseScope(scope);
    const args = { id: v7(), ...(home.kind === 'list' ? { listId: home.id } : {}), title: before.title };
    return [{ name: 'thread.create', args, ifStill: [] }];
  }
  const title = patched(edit, ['title']);
  return title ? [{ name: 'thread.rename', args: { id, ...title.back }, ifStill: still(edit, title.now) }] : [];
}

/**
 * The commands that take the edits of one mutation back, in the order in which they are to be given; none where it cannot
 * be taken back. What others can change meanwhile is in their conditions; labels and assignees commute and need none.
 * @param writtenIn what the same gesture wrote in a thread
 */
export function inverseOf(
  edits: readonly Edit[],
  isLabelUsed: (id: string) => boolean,
  writtenIn: (scope: ScopeId) => string[] = () => [],
): Inverse[] {
  const tasks = edits.filter(({ type }) => type === 'task');
  const others = edits.flatMap((edit): Inverse[] => {
    switch (edit.type) {
      case 'label':
        return inverseOfLabel(edit, isLabelUsed);
      case 'list':
        return inverseOfList(edit);
      case 'membership':
      case 'settings':
        return inverseOfOwn(edit);
      case 'member': {
        const role = patched(edit, ['role']);
        if (!role) return [];
        const args = { listId: parseScope(edit.scope).id, userId: edit.id, ...role.back };
        return [{ name: 'member.setRole', args, ifStill: still(edit, role.now, edit.scope) }];
      }
      case 'thread':
        return inverseOfThread(edit, writtenIn);
      default:
        return [];
    }
  });
  // A role is told in the person's own sidebar too: the list's command changes both.
  const isRole = edits.some(({ type }) => type === 'member');
  return [...inverseOfTasks(tasks), ...others.filter(({ name }) => !isRole || name !== 'membership.update')];
}
