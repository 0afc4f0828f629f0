import type { PastChange } from '@muster/protocol/http-history';
import { AGENT_ID } from '@muster/protocol/principal';
import { expect, test } from 'vitest';
import { editsOfRun } from './run-edits.ts';

const [LIST, OTHER, RUN] = ['l1', 'l2', 'r1'];
const change = (seq: number, effects: PastChange['effects'], more: Partial<PastChange> = {}): PastChange => ({
  seq,
  at: seq,
  txnId: `t${seq}`,
  actor: { id: AGENT_ID, kind: 'agent' },
  runId: RUN,
  effects,
  ...more,
});
const put = (id: string) => ({ op: 'put' as const, type: 'task', id, value: { title: id }, prev: null });
const del = (id: string) => ({ op: 'del' as const, type: 'task', id, prev: { title: id } });

const muster = {
  get: () => ({ value: { listId: LIST, parentId: null, pos: 'a5', title: 'now' } }),
} as unknown as Parameters<typeof editsOfRun>[1];

const asked: string[] = [];
/** The history of each list, in pages of two. */
const api = (lists: Record<string, PastChange[]>) => ({
  get: <T>(path: string): Promise<T> => {
    asked.push(path);
    const url = new URL(path, 'http://x');
    const all = lists[url.pathname.split('/')[4] ?? ''] ?? [];
    const from = Number(url.searchParams.get('cursor') ?? 0);
    const next = from + 2 < all.length ? { next: String(from + 2) } : {};
    return Promise.resolve({ items: all.slice(from, from + 2), ...next } as T);
  },
});

test('reads a run’s changes in their order, over pages, and no further than it has to', async () => {
  const older = [change(2, [put('x')], { runId: 'r0' }), change(1, [put('y')], { runId: 'r0' })];
  const own = [change(5, [{ op: 'patch', type: 'task', id: 'a', fields: { title: 'b' }, prev: { title: 'a' } }])];
  const history = [
    change(6, [put('z')], { runId: 'r2' }),
    ...own,
    change(4, [put('a')]),
    change(3, [put('p')], { runId: 'r0' }),
    ...older,
  ];
  const edits = await editsOfRun(api({ [LIST]: history }), muster, RUN, [LIST]);
  expect(edits.map((group) => group.map(({ id, before, after }) => [id, before?.title, after?.title]))).toEqual([
    [['a', undefined, 'a']],
    [['a', 'a', 'b']],
  ]);
  // A patch is told with where the task stands, from which its way back is found.
  expect(edits[1]?.[0]?.before).toMatchObject({ listId: LIST, pos: 'a5' });
  expect(asked).toHaveLength(2);
  expect(asked[0]).toContain(`actorId=${AGENT_ID}`);
});

test('takes what was made at once apart, and keeps a move over two lists together', async () => {
  const lists = {
    [LIST]: [change(2, [del('m')], { txnId: 'move' }), change(1, [put('parent'), put('child')])],
    [OTHER]: [change(7, [put('m')], { txnId: 'move', at: 2 })],
  };
  const edits = await editsOfRun(api(lists), muster, RUN, [LIST, OTHER]);
  expect(edits.map((group) => group.map(({ scope, id }) => `${scope} ${id}`))).toEqual([
    ['list:l1 parent'],
    ['list:l1 child'],
    ['list:l1 m', 'list:l2 m'],
  ]);
});
