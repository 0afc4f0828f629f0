import { tick, untrack } from 'svelte';
import type { App } from '#lib/state/app.svelte.ts';
import type { ListState } from '#lib/state/list.svelte.ts';
import type { Picked } from '../task/picked.ts';
import { GridCommands } from './grid-commands.svelte.ts';
import { GridDrag } from './grid-drag.svelte.ts';
import { GridFocus } from './grid-focus.svelte.ts';
import type { GridIntent } from './grid-keys.ts';
import { GridScroll } from './grid-scroll.svelte.ts';
import { keepPlaces } from './keep-places.svelte.ts';
import { layOut, type Line } from './lines.ts';

/** What a grid is given by the page. */
export interface GridProps {
  list: ListState;
  openId: string | undefined;
  /** Whether rows stand in the list's own order. */
  isManual: boolean;
  showDone: boolean;
  groupTitle: ((group: string) => string) | undefined;
  onopen: (id: string) => void;
  onfold: () => void;
  oncollapse: (id: string) => void;
  /** The arrow up out of the first row. */
  onleave: () => void;
}

/** The state of one grid: its lines, and what is focused, edited, dragged, picked. Made by its component. */
export class Grid {
  readonly #app: App;
  readonly #props: GridProps;
  readonly commands: GridCommands;
  readonly focus: GridFocus;
  readonly scroll: GridScroll;
  readonly drag: GridDrag;
  element: HTMLElement | undefined = $state();
  editingId: string | null = $state(null);
  #seenAtEdit: number | undefined;
  /** The task whose sheet is open (after a long press). */
  sheetId: string | null = $state(null);
  picker: { what: Picked; ids: readonly string[]; anchor: HTMLElement | null } | null = $state.raw(null);
  hasFocus = $state(false);
  /** The row under a mouse. */
  hovered: string | null = null;

  constructor(app: App, props: GridProps) {
    this.#app = app;
    this.#props = props;
    this.focus = new GridFocus(() => this.lines);
    this.commands = new GridCommands({
      app,
      list: untrack(() => props.list),
      focus: this.focus,
      lines: () => this.lines,
      isManual: () => this.#props.isManual,
    });
    this.scroll = new GridScroll(
      () => this.lines,
      (line) => this.#guess(line),
    );
    this.drag = new GridDrag({
      scroll: this.scroll,
      lines: () => this.lines,
      rows: () => this.lines.flatMap((line) => (line.kind === 'row' ? [line.row] : [])),
      canDrag: () => this.canDrag,
      ondrop: (id, place) => this.commands.place(id, place),
      onlongpress: (id) => (this.sheetId = id),
    });
    keepPlaces({
      muster: app.muster,
      scroll: this.scroll,
      lines: () => this.lines,
      hand: () => this.#hand,
      element: () => this.element,
    });
    $effect(() => {
      void this.lines;
      untrack(() => this.focus.settle());
    });
    // Where this person is, for the others' rows; the open task is said by its panel.
    $effect(() => {
      const id = this.editingId;
      if (id === null) return undefined;
      const { scope } = props.list;
      app.muster.setPresence(scope, { taskId: id });
      return () =>
        app.muster.setPresence(scope, untrack(() => props.openId) === undefined ? {} : { taskId: props.openId ?? id });
    });
  }

  lines: Line[] = $derived.by(() => {
    const { list, showDone, groupTitle } = this.#props;
    const doneCount = list.doneRows.filter((row) => row.level === 1).length;
    return layOut(list.rows, list.doneRows, { held: this.commands.held, showDone, doneCount, groupTitle });
  });

  drawn: { at: number; line: Line; top: number }[] = $derived.by(() => {
    const { first, last } = this.scroll.range;
    const shown = new Set<number>();
    for (let at = first; at <= last; at++) shown.add(at);
    // What has the focus, is edited or dragged stays drawn wherever the view goes.
    for (const key of [this.focus.key, this.editingId, this.drag.id]) {
      const at = key === null ? -1 : this.lines.findIndex((line) => line.key === key);
      if (at >= 0) shown.add(at);
    }
    return [...shown]
      .sort((a, b) => a - b)
      .flatMap((at) =>
        this.lines[at] ? [{ at, line: this.lines[at], top: (this.scroll.offsets[at] ?? 0) + this.scroll.lead }] : [],
      );
  });

  get canDrag(): boolean {
    return this.#props.list.canEdit && this.#props.isManual;
  }

  /** The row that must not move because of others. */
  get #hand(): string | null {
    return this.drag.id ?? this.editingId ?? this.hovered ?? (this.hasFocus ? this.focus.settledKey : null);
  }

  focusFirst(): void {
    this.goTo(this.focus.edge('first', false));
  }

  /** Scrolls to a line and gives it the focus. */
  goTo(key: string | null): void {
    if (key === null) return;
    this.scroll.reveal(key);
    void tick().then(() => this.elementOf(key)?.focus({ preventScroll: true }));
  }

  elementOf(key: string): HTMLElement | null {
    return this.element?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`) ?? null;
  }

  pick(what: Picked, ids: readonly string[], from: HTMLElement | null = null): void {
    if (!this.#props.list.canEdit || ids.length === 0) return;
    this.picker = { what, ids, anchor: from ?? this.elementOf(this.focus.rowId ?? ids[0] ?? '') };
  }

  endPick(): void {
    this.picker = null;
    this.goTo(this.focus.key);
  }

  edit(id: string): void {
    if (!this.#props.list.canEdit) return;
    this.commands.hold(id);
    this.editingId = id;
    this.#seenAtEdit = this.#props.list.seq;
  }

  edited(id: string, title: string, isKept: boolean): void {
    const { list } = this.#props;
    const wasFocused = this.element?.contains(document.activeElement) ?? false;
    this.editingId = null;
    const task = list.task(id);
    if (isKept && task && title !== '' && title !== task.value.title)
      this.#app.actions.update(id, { title }, this.#seenAtEdit);
    const line = this.lines.find((other) => other.key === id);
    if (!task && line?.kind === 'row') this.#sayDeleted(id, title || line.row.task.value.title);
    this.commands.letGo(id);
    if (wasFocused) this.goTo(task ? id : this.focus.key);
  }

  click(event: MouseEvent, id: string): void {
    if (this.drag.press.isQuiet(event) || this.editingId === id) return;
    if (event.shiftKey) this.focus.selectTo(id);
    else if (event.ctrlKey || event.metaKey) this.focus.toggle(id);
    else {
      this.focus.focus(id);
      this.#props.onopen(id);
    }
  }

  /** Does what a key asked for. @returns whether it did something */
  act(intent: GridIntent): boolean {
    const { focus, lines } = this;
    switch (intent.do) {
      case 'move':
        if (intent.by < 0 && !intent.extend && focus.key === lines.find((line) => line.kind !== 'group')?.key)
          this.#props.onleave();
        else this.goTo(focus.move(intent.by, intent.extend));
        return true;
      case 'edge':
        this.goTo(focus.edge(intent.to, intent.extend));
        return true;
      case 'escape':
        if (focus.selected.size === 0) return false;
        focus.deselect();
        return true;
      case 'select-all':
        focus.selectAll();
        return true;
      case 'expand':
      case 'collapse':
        this.#unfold(intent.do === 'expand');
        return true;
      default:
        return this.#actOnTask(intent);
    }
  }

  #actOnTask(intent: GridIntent): boolean {
    const id = this.focus.rowId;
    const ids = this.focus.targets;
    if (id === null) {
      // The fold: Enter and Space open it.
      if (intent.do !== 'open' && intent.do !== 'toggle') return false;
      this.#props.onfold();
      return true;
    }
    switch (intent.do) {
      case 'open':
        this.#props.onopen(id);
        break;
      case 'toggle':
        this.commands.toggle(ids);
        break;
      case 'edit':
        this.edit(id);
        break;
      case 'select':
        this.focus.toggle(id);
        break;
      case 'pick':
        this.pick(intent.what, ids);
        break;
      case 'shift':
        this.commands.shift(ids, intent.by);
        void tick().then(() => this.scroll.reveal(id));
        break;
      case 'indent':
        this.commands.indent(ids);
        break;
      case 'outdent':
        this.commands.outdent(ids);
        break;
      case 'delete':
        this.commands.remove(ids);
        this.goTo(this.focus.key);
        break;
    }
    return true;
  }

  #unfold(isWanted: boolean): void {
    const line = this.lines.find((other) => other.key === this.focus.key);
    if (line?.kind === 'fold' && line.isOpen !== isWanted) this.#props.onfold();
    if (line?.kind !== 'row') return;
    const parent = line.row.task.value.parentId;
    if (line.row.isExpanded === !isWanted) this.#props.oncollapse(line.row.id);
    else if (!isWanted && line.row.level === 2 && parent !== null) {
      this.focus.focus(parent);
      this.goTo(parent);
    }
  }

  /** Nobody's text disappears silently. */
  #sayDeleted(id: string, title: string): void {
    const { actions, toasts } = this.#app;
    toasts.show(`“${title.slice(0, 60)}” was deleted while you edited it.`, {
      action: {
        label: 'Bring it back',
        run: () => {
          actions.restore(id, title, { title });
        },
      },
    });
  }

  #guess(line: Line): number {
    if (line.kind === 'group') return 44;
    if (line.kind === 'fold') return 48;
    if (!this.#app.layout.isPhone) return 36;
    const { due, priority, labelIds, assigneeIds, notes } = line.row.task.value;
    const hasMeta =
      due !== null ||
      priority !== 'none' ||
      notes !== '' ||
      labelIds.length + assigneeIds.length + line.row.childCount > 0;
    return hasMeta ? 66 : 44;
  }
}
