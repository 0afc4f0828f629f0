import { beforeEach, expect, test } from 'vitest';
import { codeOf, uuid, World } from '../../test/world.ts';
import { runIdOf } from '../run-ids.ts';
import { runClaim, runDecide, runEnd, runItem, runRequeue, runStop } from './run.ts';

const [ada, viewer] = [uuid(1), uuid(2)];
const [list, thread, message] = [uuid(10), uuid(20), uuid(30)];
const runId = runIdOf(message);
let world: World;
const run = () => world.get('run', runId)?.value;

beforeEach(() => {
  world = new World();
  world.addPerson(ada);
  world.addPerson(viewer);
  world.accounts.set('v@example.com', viewer);
  world.do(ada, 'list.create', { id: list, title: 'Trip' });
  world.do(ada, 'member.invite', { listId: list, email: 'v@example.com', role: 'viewer' });
  world.do(ada, 'thread.create', { id: thread, listId: list });
  world.do(ada, 'message.send', { id: message, threadId: thread, text: 'plan it', zone: 'Europe/Berlin' });
});

test('a message brings its queued run, whose id its author knew', () => {
  expect(run()).toMatchObject({ status: 'queued', attempt: 0, askerId: ada, messageId: message });
  expect(codeOf(() => world.do(viewer, 'message.send', { id: uuid(31), threadId: thread, text: 'x' }))).toBe(
    'forbidden',
  );
});

test('one run of a thread is active at a time', () => {
  const second = uuid(31);
  world.do(ada, 'message.send', { id: second, threadId: thread, text: 'and then' });
  expect(world.run(ada, runClaim, { runId }).result).toEqual({ attempt: 1 });
  expect(codeOf(() => world.run(ada, runClaim, { runId }))).toBe('conflict');
  expect(codeOf(() => world.run(ada, runClaim, { runId: runIdOf(second) }))).toBe('conflict');
  world.run(ada, runEnd, { runId, attempt: 1, status: 'completed' });
  expect(codeOf(() => world.run(ada, runClaim, { runId: runIdOf(second) }))).toBe('applied');
});

test('a worker of an earlier attempt writes nothing', () => {
  world.run(ada, runClaim, { runId });
  world.run(ada, runRequeue, { runId, attempt: 1 });
  world.run(ada, runClaim, { runId });
  const item = {
    id: `${runId}:0`,
    n: 0,
    kind: 'message' as const,
    callId: null,
    body: { messageId: uuid(40) },
    state: 'done' as const,
  };
  expect(codeOf(() => world.run(ada, runItem, { runId, attempt: 1, item, text: 'zombie' }))).toBe('conflict');
  expect(codeOf(() => world.run(ada, runEnd, { runId, attempt: 1, status: 'completed' }))).toBe('conflict');
  expect(codeOf(() => world.run(ada, runRequeue, { runId, attempt: 1 }))).toBe('conflict');
  expect(codeOf(() => world.run(ada, runItem, { runId, attempt: 2, item, text: 'alive' }))).toBe('applied');
  expect(world.all(`thread:${thread}`, 'message').map(({ value }) => value.text)).toEqual(['plan it', 'alive']);
});

test('an asker who lost their rights gets no run', () => {
  world.apply({
    effects: [{ scope: `list:${list}`, effect: { op: 'patch', type: 'member', id: ada, fields: { role: 'viewer' } } }],
  });
  expect(codeOf(() => world.run(ada, runClaim, { runId }))).toBe('forbidden');
  expect(codeOf(() => world.run(ada, runEnd, { runId, attempt: 0, status: 'failed' }))).toBe('applied');
});

test('a stop ends what waits, and asks what works', () => {
  expect(codeOf(() => world.run(viewer, runStop, { runId }))).toBe('forbidden');
  world.run(ada, runClaim, { runId });
  const asked = world.run(ada, runStop, { runId });
  expect(asked).toMatchObject({ effects: [], result: { status: 'running' }, runColumns: [{ stopRequestedBy: ada }] });
  world.run(ada, runRequeue, { runId, attempt: 1 });
  expect(world.run(ada, runStop, { runId }).result).toEqual({ status: 'stopped' });
  expect(world.run(ada, runStop, { runId }).result).toEqual({ status: 'stopped' });
});

test('the first decision wins', () => {
  world.run(ada, runClaim, { runId });
  const item = {
    id: `${runId}:1`,
    n: 1,
    kind: 'approval' as const,
    callId: 'c1',
    body: { decision: null, by: null },
    state: 'open' as const,
  };
  world.run(ada, runItem, { runId, attempt: 1, item });
  world.run(ada, runEnd, { runId, attempt: 1, status: 'awaiting_approval' });
  expect(codeOf(() => world.run(ada, runDecide, { runId, callId: 'nope', approve: true }))).toBe('not_found');
  expect(world.run(ada, runDecide, { runId, callId: 'c1', approve: true }).result).toEqual({ status: 'queued' });
  world.run(ada, runDecide, { runId, callId: 'c1', approve: false });
  expect(world.get('run_item', `${runId}:1`)?.value.body).toEqual({ decision: 'approved', by: ada });
});

test('its worker ends a run that waits only where somebody has said stop', () => {
  world.run(ada, runClaim, { runId });
  world.run(ada, runEnd, { runId, attempt: 1, status: 'awaiting_approval' });
  expect(codeOf(() => world.run(ada, runEnd, { runId, attempt: 1, status: 'completed' }))).toBe('conflict');
  expect(codeOf(() => world.run(ada, runEnd, { runId, attempt: 0, status: 'stopped' }))).toBe('conflict');
  world.run(ada, runEnd, { runId, attempt: 1, status: 'stopped' });
  expect(run()).toMatchObject({ status: 'stopped', attempt: 1 });
  expect(codeOf(() => world.run(ada, runEnd, { runId, attempt: 1, status: 'stopped' }))).toBe('conflict');
});

test('a deleted conversation ends its run', () => {
  world.run(ada, runClaim, { runId });
  const { hints } = world.do(ada, 'thread.delete', { id: thread });
  expect(hints).toEqual([{ hint: 'stop', runId }]);
  expect(codeOf(() => world.run(ada, runEnd, { runId, attempt: 1, status: 'completed' }))).toBe('not_found');
});
