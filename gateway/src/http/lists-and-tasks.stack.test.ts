import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signUp, startHttp, type TestHttp, type Visitor } from './test/start-http.ts';

let server: TestHttp;
let ada: Visitor;
beforeAll(async () => {
  server = await startHttp();
  ada = await signUp(server.url);
});
afterAll(() => server.close());

describe('lists', () => {
  test('are made, read, renamed, archived and deleted', async () => {
    const made = await ada.call('POST', '/api/v1/lists', { title: ' Groceries ' });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ title: 'Groceries', archivedAt: null, role: 'owner', labels: [] });
    const path = `/api/v1/lists/${made.body.id}`;
    expect((await ada.call('GET', path)).body).toEqual(made.body);

    const patched = await ada.call('PATCH', path, { title: 'Food', archived: true });
    expect(patched.status).toBe(200);
    expect(patched.body).toMatchObject({ title: 'Food', archivedAt: expect.any(Number) });
    const listed = await ada.call('GET', '/api/v1/lists');
    expect(listed.body.items).toContainEqual(
      expect.objectContaining({ id: made.body.id, title: 'Food', role: 'owner' }),
    );

    const gone = await ada.call('DELETE', path);
    expect([gone.status, gone.body]).toEqual([204, '']);
    expect((await ada.call('GET', path)).status).toBe(404);
  });

  test('come in pages', async () => {
    const bea = await signUp(server.url, 'Bea');
    for (const title of ['a', 'b', 'c', 'd', 'e']) await bea.call('POST', '/api/v1/lists', { title });
    const titles: string[] = [];
    let cursor = '';
    do {
      const { body } = await bea.call('GET', `/api/v1/lists?limit=2${cursor}`);
      titles.push(...body.items.map((list: { title: string }) => list.title));
      cursor = body.next ? `&cursor=${body.next}` : '';
    } while (cursor !== '');
    expect(titles).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect((await bea.call('GET', '/api/v1/lists?cursor=e30')).body).toMatchObject({ code: 'invalid' });
  });
});

describe('tasks', () => {
  test('are added, changed as one change, moved and deleted', async () => {
    const { body: list } = await ada.call('POST', '/api/v1/lists', { title: 'Work' });
    const tasks = `/api/v1/lists/${list.id}/tasks`;
    const first = await ada.call('POST', tasks, { title: 'one', due: { date: '2026-03-09' }, priority: 'high' });
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      listId: list.id,
      title: 'one',
      due: { date: '2026-03-09' },
      priority: 'high',
      done: false,
    });
    const second = await ada.call('POST', tasks, { title: 'two', after: null });
    const titles = async () => (await ada.call('GET', tasks)).body.items.map((task: { title: string }) => task.title);
    expect(await titles()).toEqual(['two', 'one']);

    const path = `/api/v1/tasks/${second.body.id}`;
    const { rows: before } = await heads(list.id);
    const patched = await ada.call('PATCH', path, {
      title: 'TWO',
      done: true,
      assigneeIds: [ada.userId],
      after: first.body.id,
    });
    expect(patched.status).toBe(200);
    expect(patched.body).toMatchObject({ title: 'TWO', done: true, assigneeIds: [ada.userId] });
    const { rows: after } = await heads(list.id);
    expect(Number(after) - Number(before)).toBe(1);
    expect(await titles()).toEqual(['one', 'TWO']);
    expect((await ada.call('GET', `${tasks}?done=false`)).body.items).toHaveLength(1);

    expect((await ada.call('DELETE', path)).status).toBe(204);
    expect((await ada.call('GET', path)).status).toBe(404);
  });

  test('a PATCH whose last part is refused changes nothing', async () => {
    const { body: list } = await ada.call('POST', '/api/v1/lists', { title: 'All or nothing' });
    const { body: task } = await ada.call('POST', `/api/v1/lists/${list.id}/tasks`, { title: 'stays' });
    const elsewhere = '0193b3c4-0000-7000-8000-000000000001';
    const refused = await ada.call('PATCH', `/api/v1/tasks/${task.id}`, { title: 'changed', listId: elsewhere });
    expect(refused.body).toMatchObject({ code: 'not_found', status: 404 });
    expect((await ada.call('GET', `/api/v1/tasks/${task.id}`)).body).toEqual(task);
  });

  test('are found over all lists by view and words', async () => {
    const eve = await signUp(server.url, 'Eve');
    const { body: list } = await eve.call('POST', '/api/v1/lists', { title: 'Mine' });
    const { body: shelf } = await eve.call('POST', '/api/v1/lists', { title: 'Archived' });
    const add = (listId: string, task: object) => eve.call('POST', `/api/v1/lists/${listId}/tasks`, task);
    const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
    await add(list.id, { title: 'late', due: { date: day(-2) } });
    await add(list.id, { title: 'now', due: { date: day(0) }, assigneeIds: [eve.userId] });
    await add(list.id, {
      title: 'soon',
      notes: '100% sure',
      due: { date: day(3), time: '10:00', zone: 'Europe/Berlin' },
    });
    await add(list.id, { title: 'some day' });
    await add(shelf.id, { title: 'put away', due: { date: day(0) } });
    await eve.call('PATCH', `/api/v1/lists/${shelf.id}`, { archived: true });
    const found = async (query: string) =>
      (await eve.call('GET', `/api/v1/tasks?${query}`)).body.items.map((task: { title: string }) => task.title);
    expect(await found('view=today')).toEqual(['late', 'now']);
    expect(await found('view=upcoming')).toEqual(['soon']);
    expect(await found('view=assigned')).toEqual(['now']);
    expect(await found('')).toEqual(['late', 'now', 'soon', 'some day']);
    expect(await found('q=s')).toEqual(['soon', 'some day']);
    expect(await found(`q=${encodeURIComponent('100% SOON')}`)).toEqual(['soon']);
    expect(await found(`q=${encodeURIComponent('%')}`)).toEqual(['soon']);
    const page = (await eve.call('GET', '/api/v1/tasks?limit=3')).body;
    expect((await eve.call('GET', `/api/v1/tasks?limit=3&cursor=${page.next}`)).body.items).toHaveLength(1);
  });

  test("one member's due date breaks nobody's view", async () => {
    const fay = await signUp(server.url, 'Fay');
    const { body: list } = await fay.call('POST', '/api/v1/lists', { title: 'Ours' });
    const add = (title: string, due: object) => fay.call('POST', `/api/v1/lists/${list.id}/tasks`, { title, due });
    const time = '10:00';
    // Node knows this zone and Postgres does not; upper and lower case are one to both.
    await add('odd', { date: '2026-03-10', time, zone: 'AET' });
    await add('late in Honolulu', { date: '2026-03-10', time: '23:00', zone: 'pacific/honolulu' });
    const { body: old } = await add('old', { date: '2026-03-09', time, zone: 'Europe/Berlin' });
    const found = async (query: string) => {
      const { status, body } = await fay.call('GET', `/api/v1/tasks?${query}`);
      return status === 200 ? body.items.map((task: { title: string }) => task.title) : body;
    };
    expect(await found('view=today&zone=Europe/Berlin')).toEqual(['old', 'odd', 'late in Honolulu']);
    expect(await found('zone=AET')).toMatchObject({ code: 'invalid', faults: [{ path: 'zone' }] });

    // What was stored before it was refused.
    expect((await add('never', { date: '0000-01-01', time, zone: 'UTC' })).body).toMatchObject({ code: 'invalid' });
    const never = JSON.stringify({ date: '0000-01-01', time, zone: 'UTC' });
    await sql`update task set due = ${never}::jsonb where id = ${old.id}`.execute(server.db);
    await sql`update settings set zone = 'AET' where id = ${fay.userId}`.execute(server.db);
    expect(await found('view=today')).toEqual(['old', 'odd', 'late in Honolulu']);
  });
});

const heads = async (listId: string) => {
  const row = await server.db
    .selectFrom('scope')
    .select('head_seq')
    .where('id', '=', `list:${listId}`)
    .executeTakeFirst();
  return { rows: row?.head_seq };
};
