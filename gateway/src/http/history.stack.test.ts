import { afterAll, beforeAll, expect, test } from 'vitest';
import { signUp, startHttp, type TestHttp, type Visitor } from './test/start-http.ts';

let server: TestHttp;
let ada: Visitor;
let listId: string;
let taskId: string;
beforeAll(async () => {
  server = await startHttp();
  ada = await signUp(server.url, 'Ada');
  listId = (await ada.call('POST', '/api/v1/lists', { title: 'Trip' })).body.id;
  taskId = (await ada.call('POST', `/api/v1/lists/${listId}/tasks`, { title: 'Boat' })).body.id;
  await ada.call('PATCH', `/api/v1/tasks/${taskId}`, { title: 'Confirm the boat', assigneeIds: [ada.userId] });
  await ada.call('DELETE', `/api/v1/tasks/${taskId}`);
});
afterAll(() => server.close());

const get = (path: string) => ada.call('GET', `/api/v1/lists/${listId}${path}`);

test('history says who, when and what, page after page', async () => {
  const { status, body } = await get('/history?limit=2');
  expect(status).toBe(200);
  expect(body.items).toMatchObject([
    {
      seq: 4,
      actor: { id: ada.userId, kind: 'person' },
      effects: [{ op: 'del', prev: { title: 'Confirm the boat' } }],
    },
    {
      seq: 3,
      effects: [
        { op: 'patch', fields: { title: 'Confirm the boat' }, prev: { title: 'Boat' } },
        { op: 'patch', prev: { assigneeIds: [] } },
      ],
    },
  ]);
  expect(body.titles).toEqual({ [taskId]: 'Confirm the boat' });
  expect(body.profiles).toEqual({ [ada.userId]: { name: 'Ada', image: null, kind: 'person' } });
  const { body: rest } = await get(`/history?limit=2&cursor=${body.next}`);
  expect(rest.items.map(({ seq }: { seq: number }) => seq)).toEqual([2, 1]);
  expect(rest).not.toHaveProperty('next');
  const { body: own } = await get(`/history?taskId=${taskId}&actorId=${ada.userId}`);
  expect(own.items.map(({ seq }: { seq: number }) => seq)).toEqual([4, 3, 2]);
});

test('a list as it was, by change and by clock', async () => {
  const { body } = await get('/at?seq=2');
  expect(body).toMatchObject({ seq: 2, from: 1, head: 4, change: { seq: 2, effects: [{ op: 'put' }] } });
  const titles = (items: { type: string; value: { title?: string } }[]) =>
    items.filter(({ type }) => type === 'task').map(({ value }) => value.title);
  expect(titles(body.items)).toEqual(['Boat']);
  expect(titles((await get('/at')).body.items)).toEqual([]);
  expect((await get(`/at?at=${body.at}`)).body.at).toBe(body.at);
});

test.each([
  ['/at?seq=0', 'seq'],
  ['/at?seq=5', 'seq'],
  ['/at?at=1', 'at'],
  ['/at?seq=1&at=1', 'at'],
  ['/at?seq=-1', 'seq'],
  ['/at?seq=x', 'seq'],
  ['/at?cursor=x', 'cursor'],
  ['/history?cursor=e30', 'cursor'],
  ['/history?taskId=x', 'taskId'],
  ['/history?limit=201', 'limit'],
])('%s is refused, and says why', async (path, fault) => {
  const { status, body } = await get(path);
  expect({ status, code: body.code, path: body.faults[0].path }).toEqual({ status: 400, code: 'invalid', path: fault });
});
