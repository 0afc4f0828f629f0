import type { Line } from './lines.ts';

/** Where the grid's one tab stop is, and which tasks are selected. */
export class GridFocus {
  readonly #lines: () => readonly Line[];
  #key: string | null = $state(null);
  selected: ReadonlySet<string> = $state.raw(new Set());
  /** Where a selection with Shift began. */
  #anchor: string | null = null;
  /** The stops as they were when the focused line was last among them. */
  #order: readonly string[] = [];

  constructor(lines: () => readonly Line[]) {
    this.#lines = lines;
  }

  /** Where the focus can be: group headings are passed over. */
  #stops: readonly string[] = $derived.by(() =>
    this.#lines().flatMap((line) => (line.kind === 'group' ? [] : [line.key])),
  );

  /** The line that `Tab` reaches: the one last focused, or what stands in its place since it went; else the first. */
  key: string | null = $derived.by(() => {
    const stops = new Set(this.#stops);
    if (this.#key !== null && stops.has(this.#key)) return this.#key;
    // The fold is in every list: where it alone has stayed, another list has come.
    const isSame = this.#order.some((key) => key !== 'fold' && stops.has(key));
    return (isSame ? heirOf(this.#order, this.#key, (key) => stops.has(key)) : undefined) ?? this.#stops[0] ?? null;
  });

  /** The same, but null until {@link settle} where it has just passed to another line. */
  get settledKey(): string | null {
    return this.#key === null || this.#key === this.key ? this.key : null;
  }

  /** The focused task. */
  rowId: string | null = $derived.by(() => (this.key !== null && this.#rowIds.includes(this.key) ? this.key : null));

  /** What an action changes: the selection, if the focused task is in it or nothing is focused; else that task. */
  get targets(): string[] {
    const ids = this.#rowIds.filter((id) => this.selected.has(id));
    if (ids.length > 0 && (this.rowId === null || this.selected.has(this.rowId))) return ids;
    return this.rowId === null ? [] : [this.rowId];
  }

  #rowIds: readonly string[] = $derived.by(() =>
    this.#lines().flatMap((line) => (line.kind === 'row' ? [line.key] : [])),
  );

  focus(key: string): void {
    this.#key = key;
    this.#anchor = key;
  }

  /** The focus comes by a press with Shift: where the selection began stays, for the click to extend it from there. */
  reach(key: string): void {
    this.#key = key;
  }

  /** Steps over the lines; with `extend` the selection grows to there. @returns the line now focused */
  move(by: number, extend: boolean): string | null {
    const at = this.key === null ? -1 : this.#stops.indexOf(this.key);
    const to = this.#stops[Math.min(this.#stops.length - 1, Math.max(0, at + by))];
    return to === undefined ? null : this.#goTo(to, extend);
  }

  edge(to: 'first' | 'last', extend: boolean): string | null {
    const key = this.#stops.at(to === 'first' ? 0 : -1);
    return key === undefined ? null : this.#goTo(key, extend);
  }

  #goTo(key: string, extend: boolean): string {
    const from = this.#anchor ?? this.key ?? key;
    if (extend) {
      this.#key = key;
      this.selectTo(key, from);
    } else this.focus(key);
    return key;
  }

  /** After these are gone the focus goes to the next one that stays, or the last before. */
  leave(ids: ReadonlySet<string>): string | null {
    const next = heirOf(this.#stops, this.key, (key) => !ids.has(key));
    if (next !== undefined) this.focus(next);
    return next ?? null;
  }

  toggle(id: string): void {
    const selected = new Set(this.selected);
    if (!selected.delete(id)) selected.add(id);
    this.selected = selected;
    this.focus(id);
  }

  selectTo(id: string, from: string = this.#anchor ?? id): void {
    const ids = this.#rowIds;
    const [start, end] = [ids.indexOf(from), ids.indexOf(id)].sort((a, b) => a - b) as [number, number];
    this.selected = new Set(ids.slice(Math.max(0, start), end + 1));
    this.#anchor = from;
    this.#key = id;
  }

  selectAll(): void {
    this.selected = new Set(this.#rowIds);
  }

  deselect(): void {
    this.selected = new Set();
  }

  /** What left the list leaves the selection, and hands the focus on. */
  settle(): void {
    const ids = new Set(this.#rowIds);
    const kept = [...this.selected].filter((id) => ids.has(id));
    if (kept.length !== this.selected.size) this.selected = new Set(kept);
    if (this.key === null) return;
    if (this.settledKey === null) this.focus(this.key);
    this.#order = this.#stops;
  }
}

/** What stands in a line's place once it has gone: the next that stays, or the last before. */
function heirOf(order: readonly string[], key: string | null, stays: (key: string) => boolean): string | undefined {
  const at = key === null ? 0 : Math.max(0, order.indexOf(key));
  return order.slice(at).find(stays) ?? order.slice(0, at).findLast(stays);
}
