import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWorld, type World } from '../../test/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

it('counts nothing that has gone with its conversation, or with its list', async () => {
  const listId = crypto.randomUUID();
  await world.act(world.ada, 'list.create', { id: listId, title: 'Soon gone' });
  const [alone, inList, other] = [
    await world.newThread(),
    await world.newThread({ listId }),
    await world.newThread({ listId }),
  ];
  await world.ask('one', { threadId: alone });
  await world.ask('two', { threadId: inList });
  const running = await world.ask('three', { threadId: other });
  await world.commit({
    actor: { id: world.ada, kind: 'person' },
    commands: [{ name: 'run.claim', args: { runId: running } }],
    run: { runId: running },
    trusted: true,
  });
  expect(await world.runs.readQueue()).toMatchObject({ queued: 2, running: 1, oldestMs: expect.any(Number) });

  await world.act(world.ada, 'thread.delete', { id: alone });
  expect(await world.runs.readQueue()).toMatchObject({ queued: 1, running: 1 });
  await world.act(world.ada, 'list.delete', { id: listId });
  expect(await world.runs.readQueue()).toEqual({ queued: 0, running: 0, oldestMs: 0 });
});
