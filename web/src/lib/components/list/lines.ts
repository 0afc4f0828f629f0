import type { Row } from '#lib/state/rows.ts';

/** One line of the grid as it is drawn. */
export type Line =
  | { kind: 'row'; key: string; row: Row; isGone: boolean }
  | { kind: 'group'; key: string; title: string }
  | { kind: 'fold'; key: string; count: number; isOpen: boolean };

/**
 * A row that stays where it was for a moment after the list has let go of it: it was just completed, or someone deleted
 * it under the caret.
 */
export interface Held {
  row: Row;
  /** The row above it, at the time. */
  above: string | null;
}

interface Layout {
  held: ReadonlyMap<string, Held>;
  /** The done tasks are unfolded. */
  showDone: boolean;
  /** How many stand behind the fold. */
  doneCount: number;
  /** Words for a group's key; undefined where nothing is grouped. */
  groupTitle: ((group: string) => string) | undefined;
}

/** Lays rows out as lines: group headings, rows that are held, the fold, and the done rows behind it. Pure. */
export function layOut(open: readonly Row[], done: readonly Row[], layout: Layout): Line[] {
  const { held, showDone, doneCount, groupTitle } = layout;
  const shown = withHeld(open, held);
  const ids = new Set(shown.map((row) => row.id));
  const live = new Set(open.map((row) => row.id));
  const doneIds = new Set(done.map((row) => row.id));
  const lines: Line[] = [];
  let group: string | undefined;
  for (const row of shown) {
    if (groupTitle && row.level === 1 && row.group !== group) {
      group = row.group;
      lines.push({ kind: 'group', key: `group:${group}`, title: groupTitle(group) });
    }
    lines.push({ kind: 'row', key: row.id, row, isGone: !live.has(row.id) && !doneIds.has(row.id) });
  }
  const behind = done.filter((row) => !ids.has(row.id));
  if (doneCount > 0 && done.length > 0) {
    lines.push({ kind: 'fold', key: 'fold', count: doneCount, isOpen: showDone });
    if (showDone) for (const row of behind) lines.push({ kind: 'row', key: row.id, row, isGone: false });
  }
  return lines;
}

function withHeld(open: readonly Row[], held: ReadonlyMap<string, Held>): readonly Row[] {
  const missing = [...held.values()].filter(({ row }) => !open.some((other) => other.id === row.id));
  if (missing.length === 0) return open;
  const rows = [...open];
  for (const { row, above } of missing) {
    const at = above === null ? 0 : rows.findIndex((other) => other.id === above) + 1;
    rows.splice(at, 0, row);
  }
  return rows;
}
