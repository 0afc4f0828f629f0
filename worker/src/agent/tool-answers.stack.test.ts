import type { ToolTask } from '@muster/domain/tools/tool';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { adding, call, createHands, READ_ALL, say, script } from '../../test/hands.ts';
import { createWorld, type World } from '../../test/world.ts';
import { executeRun } from '../run/execute-run.ts';

/**
 * A tool's answer is written before its commands are committed, in the same transaction. So it foretells: what it says
 * must be what the list then shows.
 */
let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const KEEP = {
  title: null,
  notes: null,
  due: null,
  priority: null,
  addLabels: null,
  removeLabels: null,
  addAssignees: null,
  removeAssignees: null,
};

/** Runs one call and then reads the list: what was foretold, and what is. */
async function foretold(
  name: string,
  args: Record<string, unknown>,
): Promise<{ answer: ToolTask[]; list: ToolTask[] }> {
  const model = script(call([name, args, 'c1']), call(['list_tasks', READ_ALL, 'c2']), say('Done.'));
  const runId = await world.ask('please', { threadId: await world.newThread() });
  expect(await executeRun(createHands(world, { model }).deps, runId)).toBe('completed');
  const [answer, list] = (await world.items(runId))
    .filter((item) => item.kind === 'tool_result')
    .map((item) => (JSON.parse((item.body as { text: string }).text) as { tasks?: ToolTask[] }).tasks);
  if (!answer || !list) throw new Error(`${name} was refused: ${JSON.stringify((await world.items(runId))[1]?.body)}`);
  // The server's clock is read after the lock; the call's a moment before.
  const timeless = (tasks: ToolTask[]): ToolTask[] =>
    tasks.map((task) => ({ ...task, createdAt: 0, doneAt: task.doneAt === null ? null : 1 }));
  return { answer: timeless(answer), list: timeless(list) };
}

const idsOf = async (...titles: string[]): Promise<string[]> => {
  const { rows } = await world.pool.query<{ id: string; title: string }>(
    'select id, title from task where deleted_at is null',
  );
  return titles.map((title) => rows.find((row) => row.title === title)?.id ?? 'none');
};

it('foretells what it adds, changes, completes, moves and deletes', async () => {
  const full = {
    title: 'Pack',
    notes: 'light',
    due: { date: '2026-03-05', time: '09:00', zone: null },
    priority: 'high',
    labels: ['Travel', 'travel', 'bags'],
    assignees: ['me', 'Grace'],
  };
  const bare = { title: 'Socks', notes: null, due: null, priority: null, labels: ['bags'], assignees: null };
  const added = await foretold('add_tasks', {
    list: null,
    parent: null,
    after: null,
    tasks: [
      { ...full, children: [bare, { ...bare, title: 'Shirts', due: { date: '2026-03-04', time: null, zone: null } }] },
      { ...bare, title: 'Leave', children: null },
    ],
  });
  expect(added.answer).toEqual(added.list);
  expect(added.answer.map((task) => task.title)).toEqual(['Pack', 'Socks', 'Shirts', 'Leave']);
  expect(added.answer[0]).toMatchObject({
    due: { date: '2026-03-05', time: '09:00', zone: 'Europe/Berlin' },
    labels: ['Travel', 'bags'],
    assignees: ['Ada Lovelace', 'Grace Hopper'],
  });

  const top = await foretold('add_tasks', { ...adding('First', 'Second'), after: 'top' });
  expect(top.list.slice(0, 2)).toEqual(top.answer);

  const [pack, leave] = await idsOf('Pack', 'Leave');
  const changed = await foretold('update_task', {
    list: null,
    tasks: [
      {
        ...KEEP,
        id: pack,
        due: 'none',
        notes: '',
        removeLabels: ['BAGS'],
        addLabels: ['new one'],
        removeAssignees: ['me'],
      },
      { ...KEEP, id: leave, title: 'Leave home', priority: 'urgent' },
    ],
  });
  for (const task of changed.answer) expect(changed.list).toContainEqual(task);

  const completed = await foretold('complete_task', { list: null, ids: [leave], done: true });
  expect(completed.list).toContainEqual(completed.answer[0]);
  expect(completed.answer[0]?.doneAt).toBe(1);

  const [first] = await idsOf('First');
  const moved = await foretold('move_task', { list: null, ids: [leave, first], after: 'top', parent: null });
  expect(moved.list.slice(0, 2)).toEqual(moved.answer);
  const under = await foretold('move_task', { list: null, ids: [first], after: null, parent: pack });
  expect(under.list).toContainEqual(under.answer[0]);
  expect(under.answer[0]?.parentId).toBe(pack);

  const deleted = await foretold('delete_task', { list: null, ids: [pack] });
  expect(deleted.list.map((task) => task.title)).toEqual(['Leave home', 'Second']);
});

it('adds a hundred tasks with sub-tasks in one step', { timeout: 60_000 }, async () => {
  const child = { title: 'Step', notes: null, due: null, priority: null, labels: null, assignees: null };
  const tasks = Array.from({ length: 100 }, (_, index) => ({
    ...child,
    title: `Chapter ${index + 1}`,
    children: [child, child],
  }));
  const before = world.packets.length;
  const { answer } = await foretold('add_tasks', { list: null, parent: null, after: null, tasks });
  expect(answer).toHaveLength(300);
  const changes = world.packets.slice(before).flatMap((packet) => packet.changes);
  const withTasks = changes.filter((change) => change.effects.some((effect) => effect.type === 'task'));
  expect(withTasks.map((change) => change.effects.length)).toEqual([300]);
});
