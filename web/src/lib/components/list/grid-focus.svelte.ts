import type { Line } from './lines.ts';

/** Where the grid's one tab stop is, and which tasks are selected. */
export class GridFocus {
  readonly #lines: () => readonly Line[];
  #key: string | null = $state(null);
  selected: ReadonlySet<string> = $state.raw(new Set());
  /** Where a selection with Shift began. */
  #anchor: string | null = null;

  constructor(lines: () => readonly Line[]) {
    this.#lines = lines;
  }

  /** Group headings are passed over. */
  #stops: readonly Line[] = $derived.by(() => this.#lines().filter((line) => line.kind !== 'group'));

  /** The line that `Tab` reaches: the one last focused, else the first. */
  key: string | null = $derived.by(() => {
    const stops = this.#stops;
    return stops.some((line) => line.key === this.#key) ? this.#key : (stops[0]?.key ?? null);
  });

  /** The focused task. */
  rowId: string | null = $derived.by(() => {
    const line = this.#stops.find((other) => other.key === this.key);
    return line?.kind === 'row' ? line.key : null;
  });

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
    const at = this.#stops.findIndex((line) => line.key === this.key);
    const to = this.#stops[Math.min(this.#stops.length - 1, Math.max(0, at + by))];
    return to ? this.#goTo(to.key, extend) : null;
  }

  edge(to: 'first' | 'last', extend: boolean): string | null {
    const line = to === 'first' ? this.#stops[0] : this.#stops.at(-1);
    return line ? this.#goTo(line.key, extend) : null;
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
    const stops = this.#stops;
    const at = stops.findIndex((line) => line.key === this.key);
    const stays = (line: Line): boolean => !ids.has(line.key);
    const next = stops.slice(Math.max(0, at)).find(stays) ?? stops.slice(0, Math.max(0, at)).findLast(stays);
    if (next) this.focus(next.key);
    return next?.key ?? null;
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

  /** What left the list leaves the selection. */
  prune(): void {
    const ids = new Set(this.#rowIds);
    const kept = [...this.selected].filter((id) => ids.has(id));
    if (kept.length !== this.selected.size) this.selected = new Set(kept);
  }
}
