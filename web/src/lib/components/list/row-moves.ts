import type { Row } from '#lib/state/rows.ts';

/** Where a task goes, as `task.place` takes it: behind `after` (null: first), under `parentId` (null: under none). */
export interface Place {
  after: string | null;
  parentId: string | null;
}

const parentOf = (row: Row): string | null => (row.level === 2 ? row.task.value.parentId : null);

function siblingsOf(rows: readonly Row[], row: Row): Row[] {
  const parent = parentOf(row);
  return rows.filter((other) => other.level === row.level && parentOf(other) === parent);
}

/** One place up or down among its siblings; undefined at the end of the road. Rows are in the list's own order. */
export function shifted(rows: readonly Row[], id: string, by: -1 | 1): Place | undefined {
  const row = rows.find((other) => other.id === id);
  if (!row) return undefined;
  const siblings = siblingsOf(rows, row);
  const at = siblings.indexOf(row);
  const to = at + by;
  if (to < 0 || to >= siblings.length) return undefined;
  const after = by > 0 ? siblings[to] : siblings[to - 1];
  return { after: after?.id ?? null, parentId: parentOf(row) };
}

/** Under the task above it, as its last sub-task. Undefined for the first task, a sub-task, and one that has sub-tasks. */
export function indented(rows: readonly Row[], id: string): Place | undefined {
  const at = rows.findIndex((other) => other.id === id);
  const row = rows[at];
  if (!row || row.level === 2 || row.childCount > 0) return undefined;
  const parent = rows.slice(0, at).findLast((other) => other.level === 1);
  if (!parent) return undefined;
  const last = rows.findLast((other) => parentOf(other) === parent.id && other.level === 2);
  return { after: last?.id ?? parent.id, parentId: parent.id };
}

/** Out of its parent, to stand behind it. Undefined for what is no sub-task. */
export function outdented(rows: readonly Row[], id: string): Place | undefined {
  const row = rows.find((other) => other.id === id);
  return row?.level === 2 ? { after: row.task.value.parentId, parentId: null } : undefined;
}

/**
 * Where a dragged task lands: between two rows, `gap` counting from 0 above the first. Dragged to the right it becomes
 * a sub-task. Undefined where it would not move, or cannot go.
 */
export function dropped(rows: readonly Row[], id: string, gap: number, isRight: boolean): Place | undefined {
  const row = rows.find((other) => other.id === id);
  if (!row) return undefined;
  const rest = rows.filter((other) => other.id !== id && parentOf(other) !== id);
  // The gap as it is without the rows that travel.
  const before = rows.slice(0, gap).filter((other) => rest.includes(other)).length;
  const above = rest[before - 1];
  const below = rest[before];
  const isAmongChildren = above !== undefined && below?.level === 2;
  const mayBeChild = row.childCount === 0 && above !== undefined;
  if (isAmongChildren && !mayBeChild) return undefined;
  if (mayBeChild && (isAmongChildren || isRight)) {
    const parentId = above.level === 2 ? parentOf(above) : above.id;
    const place = { after: above.level === 2 ? above.id : lastBefore(rest, before, parentId), parentId };
    return isSame(rows, row, place) ? undefined : place;
  }
  const top = rest.slice(0, before).findLast((other) => other.level === 1);
  const place = { after: top?.id ?? null, parentId: null };
  return isSame(rows, row, place) ? undefined : place;
}

/** The first sub-task stands before the others: null, unless there are none. */
function lastBefore(rest: Row[], before: number, parentId: string | null): string | null {
  const children = rest.slice(0, before).filter((other) => other.level === 2 && parentOf(other) === parentId);
  return children.at(-1)?.id ?? null;
}

function isSame(rows: readonly Row[], row: Row, place: Place): boolean {
  if (parentOf(row) !== place.parentId) return false;
  const siblings = siblingsOf(rows, row);
  return (siblings[siblings.indexOf(row) - 1]?.id ?? null) === place.after;
}
