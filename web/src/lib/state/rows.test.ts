import type { Stored } from '@muster/protocol/entity';
import type { Task } from '@muster/protocol/task';
import { describe, expect, it } from 'vitest';
import { AS_IT_COMES, readListOptions, withListOptions } from './list-options.ts';
import { arrange } from './rows.ts';

function task(id: string, value: Partial<Task> = {}): Stored<'task'> {
  return {
    scope: 'list:a',
    type: 'task',
    id,
    value: {
      ...{ listId: 'a', parentId: null, title: id, notes: '', done: false, doneAt: null, due: null, priority: 'none' },
      ...{ assigneeIds: [], labelIds: [], pos: id, createdAt: 0, createdBy: 'me' },
      ...value,
    } as Task,
  };
}
const plain = { collapsed: new Set<string>(), labels: [], zone: 'Europe/Berlin' };
const ids = (rows: { id: string }[]): string[] => rows.map((row) => row.id);

describe('arrange', () => {
  it('puts sub-tasks behind their parents and counts them', () => {
    const { open } = arrange(
      [task('b1', { parentId: 'b', done: true }), task('a'), task('b'), task('b2', { parentId: 'b' })],
      AS_IT_COMES,
      plain,
    );
    expect(ids(open)).toEqual(['a', 'b', 'b1', 'b2']);
    expect(open[1]).toMatchObject({ level: 1, childCount: 2, childDone: 1, isExpanded: true });
    expect(open[2]?.level).toBe(2);
  });

  it('keeps the sub-tasks of a collapsed task to itself', () => {
    const { open } = arrange([task('b'), task('b1', { parentId: 'b' })], AS_IT_COMES, {
      ...plain,
      collapsed: new Set(['b']),
    });
    expect(ids(open)).toEqual(['b']);
    expect(open[0]?.isExpanded).toBe(false);
  });

  it('shows a sub-task on its own where its parent is not there', () => {
    expect(ids(arrange([task('x', { parentId: 'gone' })], AS_IT_COMES, plain).open)).toEqual(['x']);
  });

  it('folds done tasks away with all their sub-tasks, what was done last on top', () => {
    const tasks = [
      task('old', { done: true, doneAt: 1 }),
      task('new', { done: true, doneAt: 2 }),
      task('n1', { parentId: 'new' }),
      task('o'),
    ];
    const { open, done } = arrange(tasks, AS_IT_COMES, plain);
    expect(ids(open)).toEqual(['o']);
    expect(ids(done)).toEqual(['new', 'n1', 'old']);
  });

  it('sorts by due with what has no date last, and by priority with urgent first', () => {
    const tasks = [
      task('a'),
      task('b', { due: { date: '2026-03-09' }, priority: 'low' }),
      task('c', { due: { date: '2026-03-09', time: '09:00' }, priority: 'urgent' }),
    ];
    expect(ids(arrange(tasks, { ...AS_IT_COMES, sort: 'due' }, plain).open)).toEqual(['c', 'b', 'a']);
    expect(ids(arrange(tasks, { ...AS_IT_COMES, sort: 'priority' }, plain).open)).toEqual(['c', 'b', 'a']);
  });

  it('sorts and groups by due as the reader’s clock shows it', () => {
    const tasks = [
      // Today in New York, tomorrow 05:30 in Berlin.
      task('far', { due: { date: '2026-06-09', time: '23:30', zone: 'America/New_York' } }),
      task('near', { due: { date: '2026-06-10', time: '05:00', zone: 'Europe/Berlin' } }),
      task('day', { due: { date: '2026-06-09' } }),
      task('none'),
    ];
    const sorted = arrange(tasks, { ...AS_IT_COMES, sort: 'due' }, plain).open;
    expect(ids(sorted)).toEqual(['day', 'near', 'far', 'none']);
    const { open } = arrange(tasks, { ...AS_IT_COMES, group: 'due' }, plain);
    expect(open.map(({ id, group }) => [id, group])).toEqual([
      ['day', '2026-06-09'],
      ['far', '2026-06-10'],
      ['near', '2026-06-10'],
      ['none', ''],
    ]);
  });

  it('keeps a parent whose sub-task has what is looked for', () => {
    const tasks = [task('a'), task('b'), task('b1', { parentId: 'b', assigneeIds: ['me'] })];
    expect(ids(arrange(tasks, { ...AS_IT_COMES, assigneeId: 'me' }, plain).open)).toEqual(['b', 'b1']);
  });

  it('groups by priority with urgent first', () => {
    const rows = arrange(
      [task('a'), task('b', { priority: 'high' }), task('c', { priority: 'urgent' })],
      { ...AS_IT_COMES, group: 'priority' },
      plain,
    ).open;
    expect(rows.map((row) => row.group)).toEqual(['urgent', 'high', 'none']);
  });
});

describe('the options in an address', () => {
  it('survive the way there and back, and leave other words alone', () => {
    const address = new URL('http://x/lists/1?task=7');
    const changed = withListOptions(address, { sort: 'due', showDone: true, labelId: 'L' });
    expect(readListOptions(new URL(changed, address))).toEqual({
      ...AS_IT_COMES,
      sort: 'due',
      showDone: true,
      labelId: 'L',
    });
    expect(changed).toContain('task=7');
    expect(withListOptions(new URL(changed, address), AS_IT_COMES)).toBe('/lists/1?task=7');
  });

  it('are as they come where the address says nonsense', () => {
    expect(readListOptions(new URL('http://x/?sort=evil&group=__proto__'))).toEqual(AS_IT_COMES);
  });
});
