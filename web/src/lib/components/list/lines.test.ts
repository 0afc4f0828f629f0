import { describe, expect, it } from 'vitest';
import type { Row } from '#lib/state/rows.ts';
import { gridIntent, type Key } from './grid-keys.ts';
import { lineAt, offsetsOf, windowOf } from './grid-window.ts';
import { layOut, type Line } from './lines.ts';
import { dropped, indented, outdented, shifted } from './row-moves.ts';

function row(id: string, parentId: string | null = null, childCount = 0): Row {
  const value = { parentId, title: id, done: false } as Row['task']['value'];
  return {
    id,
    task: { scope: 'list:x', type: 'task', id, value },
    level: parentId === null ? 1 : 2,
    childCount,
    childDone: 0,
    isExpanded: childCount > 0 ? true : undefined,
    group: '',
  };
}

/** a, b (b1, b2), c */
const rows = [row('a'), row('b', null, 2), row('b1', 'b'), row('b2', 'b'), row('c')];

describe('places', () => {
  it('moves among siblings, over a task with all its sub-tasks', () => {
    expect(shifted(rows, 'c', -1)).toEqual({ after: 'a', parentId: null });
    expect(shifted(rows, 'a', 1)).toEqual({ after: 'b', parentId: null });
    expect(shifted(rows, 'b2', -1)).toEqual({ after: null, parentId: 'b' });
    expect(shifted(rows, 'a', -1)).toBeUndefined();
    expect(shifted(rows, 'b2', 1)).toBeUndefined();
  });

  it('makes a sub-task of the task above, as its last', () => {
    expect(indented(rows, 'c')).toEqual({ after: 'b2', parentId: 'b' });
    expect(indented(rows, 'a')).toBeUndefined();
    expect(indented(rows, 'b')).toBeUndefined();
    expect(indented(rows, 'b1')).toBeUndefined();
    expect(indented([row('a'), row('c')], 'c')).toEqual({ after: 'a', parentId: 'a' });
    expect(outdented(rows, 'b1')).toEqual({ after: 'b', parentId: null });
    expect(outdented(rows, 'a')).toBeUndefined();
  });

  it('drops between rows', () => {
    expect(dropped(rows, 'c', 0, false)).toEqual({ after: null, parentId: null });
    expect(dropped(rows, 'c', 1, false)).toEqual({ after: 'a', parentId: null });
    expect(dropped(rows, 'a', 5, false)).toEqual({ after: 'c', parentId: null });
    expect(dropped(rows, 'b', 5, false)).toEqual({ after: 'c', parentId: null });
    expect(dropped(rows, 'b2', 5, false)).toEqual({ after: 'c', parentId: null });
  });

  it('drops among sub-tasks as one of them, and to the right as one of the task above', () => {
    expect(dropped(rows, 'a', 3, false)).toEqual({ after: 'b1', parentId: 'b' });
    expect(dropped(rows, 'a', 2, false)).toEqual({ after: null, parentId: 'b' });
    expect(dropped(rows, 'c', 4, true)).toEqual({ after: 'b2', parentId: 'b' });
    expect(dropped(rows, 'c', 4, false)).toBeUndefined();
    // A task with sub-tasks cannot become one.
    expect(dropped([...rows, row('d', null, 1), row('d1', 'd')], 'd', 3, false)).toBeUndefined();
  });

  it('stays where it would not move', () => {
    expect(dropped(rows, 'a', 0, false)).toBeUndefined();
    expect(dropped(rows, 'a', 1, false)).toBeUndefined();
    expect(dropped(rows, 'b', 3, false)).toBeUndefined();
  });
});

describe('lines', () => {
  const plain = { held: new Map(), showDone: false, doneCount: 0, groupTitle: undefined };
  const keys = (lines: Line[]): string[] => lines.map((line) => line.key);

  it('ends with the fold, and the done rows behind it', () => {
    expect(keys(layOut([row('a')], [row('z')], { ...plain, doneCount: 1 }))).toEqual(['a', 'fold']);
    expect(keys(layOut([row('a')], [row('z')], { ...plain, doneCount: 1, showDone: true }))).toEqual([
      'a',
      'fold',
      'z',
    ]);
  });

  it('keeps a row that is held in its place, and says when it is gone', () => {
    const held = new Map([['b', { row: row('b'), above: 'a' }]]);
    const lines = layOut([row('a'), row('c')], [], { ...plain, held });
    expect(keys(lines)).toEqual(['a', 'b', 'c']);
    expect(lines[1]).toMatchObject({ isGone: true });
    const done = layOut([row('a'), row('c')], [row('b')], { ...plain, held, showDone: true, doneCount: 1 });
    expect(keys(done)).toEqual(['a', 'b', 'c', 'fold']);
    expect(done[1]).toMatchObject({ isGone: false });
  });

  it('puts a heading over each group', () => {
    const grouped = [
      { ...row('a'), group: 'high' },
      { ...row('b'), group: 'high' },
      { ...row('c'), group: 'low' },
    ];
    expect(keys(layOut(grouped, [], { ...plain, groupTitle: (name) => name }))).toEqual([
      'group:high',
      'a',
      'b',
      'group:low',
      'c',
    ]);
  });
});

describe('the window', () => {
  it('draws what is seen and a little more', () => {
    const offsets = offsetsOf(2_000, () => 36);
    expect(offsets.at(-1)).toBe(72_000);
    expect(windowOf(offsets, 36_000, 720, 8)).toEqual({ first: 992, last: 1028 });
    expect(windowOf(offsets, -100, 360, 8)).toEqual({ first: 0, last: 15 });
    expect(
      windowOf(
        offsetsOf(0, () => 36),
        0,
        360,
        8,
      ),
    ).toEqual({ first: 0, last: -1 });
  });
  it('finds lines of any height', () => {
    const offsets = offsetsOf(4, (at) => [10, 20, 30, 40][at] ?? 0);
    expect([0, 9, 10, 29, 30, 59, 60, 1_000].map((y) => lineAt(offsets, y))).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  });
});

describe('keys', () => {
  const press = (key: string, held: Partial<Key> = {}): Key => ({
    key,
    shiftKey: false,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    isAltGraph: false,
    ...held,
  });
  it('knows the table', () => {
    expect(gridIntent(press('j'), true)).toEqual({ do: 'move', by: 1, extend: false });
    expect(gridIntent(press('ArrowUp', { shiftKey: true }), true)).toEqual({ do: 'move', by: -1, extend: true });
    expect(gridIntent(press('ArrowUp', { altKey: true }), true)).toEqual({ do: 'shift', by: -1 });
    expect(gridIntent(press('>', { shiftKey: true }), true)).toEqual({ do: 'indent' });
    expect(gridIntent(press('a', { ctrlKey: true }), true)).toEqual({ do: 'select-all' });
    expect(gridIntent(press(' '), true)).toEqual({ do: 'toggle' });
  });
  it('leaves letters alone where they are off, and keys of the browser always', () => {
    expect(gridIntent(press('x'), false)).toBeUndefined();
    expect(gridIntent(press('ArrowDown'), false)).toBeDefined();
    expect(gridIntent(press('d', { ctrlKey: true }), true)).toBeUndefined();
    expect(gridIntent(press('ArrowLeft', { altKey: true }), true)).toBeUndefined();
  });
  it('lets AltGr through', () => {
    expect(gridIntent(press('e', { ctrlKey: true, altKey: true, isAltGraph: true }), true)).toEqual({ do: 'edit' });
    expect(gridIntent(press('€', { ctrlKey: true, altKey: true, isAltGraph: true }), true)).toBeUndefined();
  });
});
