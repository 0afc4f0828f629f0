import { runIdOf } from '@muster/domain/run-ids';
import { INTERNAL_COMMANDS } from '@muster/domain/internal-registry';
import { runItemId, scopeOf } from '@muster/protocol/id';
import { AGENT_ID } from '@muster/protocol/principal';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { madeBy } from '../test/made-by.ts';
import { ADA, BEN, LIST, LIST_SCOPE, setUp, uuid, type Setup } from '../test/setup.ts';
import { Journal } from './journal.ts';
import type { MusterClient } from './types.ts';

const [THREAD, MESSAGE, OTHER] = [uuid(500), uuid(501), uuid(502)];

let world: Setup;
let client: MusterClient;
let journal: Journal;

beforeEach(async () => {
  world = setUp();
  client = world.client();
  journal = new Journal({ client });
  await client.start();
  await vi.waitFor(() => expect(client.scopeState(LIST_SCOPE)).toMatchObject({ isFresh: true }));
  await journal.load();
});
afterEach(async () => {
  await journal.close();
  await world.stop();
});

const idle = () => vi.waitFor(() => expect(client.status.pending).toBe(0));
const threads = () => client.all(LIST_SCOPE, 'thread').map(({ value }) => value.title);
/** One gesture: a conversation, and its first words where there are any. */
function begin(text?: string): void {
  const made = madeBy(client, () => {
    client.mutate('thread.create', { id: THREAD, listId: LIST, title: 'Plan' });
    if (text !== undefined) client.mutate('message.send', { id: MESSAGE, threadId: THREAD, text });
  });
  journal.add('Began “Plan”', made);
}

it.each([undefined, 'What is left?'])('a conversation goes as it came, and is there again: %s', async (text) => {
  begin(text);
  await idle();
  expect(journal.undo()).toMatchObject({ done: 1, refused: [] });
  expect(threads()).toEqual([]);
  await idle();
  expect(world.server.world.entities.has(`thread/${THREAD}`)).toBe(false);
  expect(journal.redo()).toMatchObject({ done: 1, refused: [] });
  await idle();
  expect(threads()).toEqual(['Plan']);
  journal.undo();
  await idle();
  expect(threads()).toEqual([]);
});

it('one that was begun and taken back offline never comes to be', async () => {
  await client.stop();
  begin('What is left?');
  expect(journal.undo()).toMatchObject({ done: 1, refused: [] });
  await client.start();
  await idle();
  expect([threads(), world.server.taken.map(({ first }) => first.status)]).toEqual([[], Array(3).fill('applied')]);
});

it('one in which somebody has written since stays, and says whose it is', async () => {
  begin('What is left?');
  const thread = client.open(scopeOf('thread', THREAD));
  await thread.ready;
  await idle();
  world.server.act(BEN, 'message.send', { id: OTHER, threadId: THREAD, text: 'And the sails?' });
  await vi.waitFor(() => expect(client.get('message', OTHER)).toBeDefined());
  const rejected: unknown[] = [];
  client.on('rejected', ({ error }) => rejected.push(error));
  const { refused } = journal.undo()!;
  await idle();
  const conflict = { type: 'thread', id: THREAD, field: 'children', by: { id: BEN } };
  expect([...refused, ...rejected]).toMatchObject([{ code: 'conflict', details: { conflict } }]);
  expect(threads()).toEqual(['Plan']);
});

it('one that the agent has begun to answer stays, whether this page looks at it or not', async () => {
  begin('What is left?');
  await idle();
  const runId = runIdOf(MESSAGE);
  const run = (name: 'run.claim' | 'run.item', args: object) =>
    world.server.log(world.server.world.run(ADA, INTERNAL_COMMANDS[name] as never, args), AGENT_ID);
  run('run.claim', { runId });
  const item = { id: runItemId(runId, 0), n: 0, kind: 'call', callId: 'c1', body: {}, state: 'done' };
  run('run.item', { runId, attempt: 1, item });
  const rejected: unknown[] = [];
  client.on('rejected', ({ error }) => rejected.push(error));
  const { refused } = journal.undo()!;
  await idle();
  const conflict = { type: 'thread', field: 'children', by: { id: AGENT_ID } };
  expect([...refused, ...rejected]).toMatchObject([{ code: 'conflict', details: { conflict } }]);
  expect(threads()).toEqual(['Plan']);
});
