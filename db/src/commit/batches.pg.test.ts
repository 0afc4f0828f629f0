import type { Packet } from '@muster/protocol/change';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { listScope, Rig, type Person } from '../../test/rig.ts';

/** What goes in one batch, seen from outside: a batch publishes once. */
let database: TestDatabase;
let rig: Rig;
let batches: Packet[][];

beforeAll(async () => {
  database = await createTestDatabase();
  batches = [];
  rig = new Rig(database.url, 1, { publish: (packets) => void batches.push(packets) });
});
afterAll(async () => {
  await rig.close();
  await database.drop();
});

async function renameOften(person: Person, taskId: string, times: number): Promise<void> {
  for (let n = 0; n < times; n++) await person.did('task.update', { id: taskId, fields: { title: `Title ${n}` } });
}

test('who writes in a quiet list is not tied to a hot one, although they once went together', async () => {
  const [owner, quietOwner] = [await rig.person(), await rig.person()];
  const [hot, quiet] = [await owner.list('Hot'), await quietOwner.list('Quiet')];
  const writers = await Promise.all(Array.from({ length: 10 }, () => rig.person()));
  for (const writer of writers) await owner.letIn(writer, hot, 'editor');
  const [hotTask, quietTask] = [await owner.task(hot), await quietOwner.task(quiet)];
  batches.length = 0;
  await Promise.all([
    renameOften(quietOwner, quietTask, 40),
    ...writers.map((writer) => renameOften(writer, hotTask, 40)),
  ]);
  const withQuiet = batches.filter((packets) => packets.some(({ scope }) => scope === listScope(quiet)));
  const tied = withQuiet.filter((packets) => packets.length > 1);
  expect(withQuiet.length).toBe(40);
  // It happens that both wait when one lane comes back; they part again with the next batch.
  expect(tied.length).toBeLessThan(20);
});
