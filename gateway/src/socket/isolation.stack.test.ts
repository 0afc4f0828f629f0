import { randomUUID } from 'node:crypto';
import { runIdOf } from '@muster/domain/run-ids';
import type { ClientEventName } from '@muster/protocol/client-events';
import type { CommandName } from '@muster/protocol/commands';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Visitor } from '../http/test/start-http.ts';
import { startGateways, type TestClient, type TestGateways } from '../test/start-gateways.ts';
import { HANDLERS } from './handlers.ts';

/** Every socket message, asked by everybody, and the exact answer. Nobody is refused at the door (handshake tests). */
const ROLES = ['stranger', 'guest', 'viewer', 'editor', 'owner'] as const;
type Role = (typeof ROLES)[number];

interface Fixture {
  listId: string;
  taskId: string;
  labelId: string;
  threadId: string;
  runId: string;
}

let product: TestGateways;
const visitors = {} as Record<Role, Visitor>;
const clients = {} as Record<Role, TestClient>;
beforeAll(async () => {
  product = await startGateways(1);
  for (const role of ROLES) {
    visitors[role] = role === 'guest' ? await product.guest() : await product.person(role);
    clients[role] = await product.client(visitors[role]);
  }
});
afterAll(() => product.close());

/** A list with one of everything, of the owner, shared with the viewer and the editor. */
async function makeFixture(): Promise<Fixture> {
  const [listId, taskId, labelId, threadId, messageId] = [v7(), v7(), v7(), v7(), v7()];
  const { owner } = clients;
  const answers = [
    await owner.mutate('list.create', { id: listId, title: 'Secret' }),
    await owner.mutate('member.invite', { listId, email: visitors.viewer.email, role: 'viewer' }),
    await owner.mutate('member.invite', { listId, email: visitors.editor.email, role: 'editor' }),
    await owner.mutate('task.create', { id: taskId, listId, title: 'Secret task' }),
    await owner.mutate('label.create', { id: labelId, listId, name: 'Secret label' }),
    await owner.mutate('thread.create', { id: threadId, listId, title: 'Secret thread' }),
    await owner.mutate('message.send', { id: messageId, threadId, text: 'Secret words' }),
  ];
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 'applied'));
  return { listId, taskId, labelId, threadId, runId: runIdOf(messageId) };
}

/** What an answer amounts to: the code of a refusal, the kind of a result, the status of an outcome, or ok. */
async function verdict(client: TestClient, event: ClientEventName, data: unknown): Promise<string> {
  const answer = await client.ask(event, data);
  if (!answer.ok) return answer.error.code;
  const found = answer.data as {
    results?: { kind: string; error?: { code: string } }[];
    kind?: string;
    status?: string;
    code?: string;
    error?: { code: string };
  };
  const result = found.results?.[0] ?? found;
  if (result.kind === 'error') return result.error?.code ?? 'error';
  return found.code ?? result.kind ?? found.status ?? 'ok';
}

type Expected = Record<Role, string>;
const everybody = (answer: string): Expected => ({
  stranger: answer,
  guest: answer,
  viewer: answer,
  editor: answer,
  owner: answer,
});
const members = (answer: string): Expected => ({ ...everybody(answer), stranger: 'not_found', guest: 'not_found' });
const editors = (answer: string): Expected => ({ ...members(answer), viewer: 'forbidden' });
/** The editor was first. */
const editorOnce: Expected = { ...editors('applied'), owner: 'not_found' };
const owners = (answer: string): Expected => ({ ...editors(answer), editor: 'forbidden' });
const ownScope: Expected = { ...everybody('not_found'), owner: 'snapshot' };

const MESSAGES: [ClientEventName, string, (fixture: Fixture) => unknown, Expected][] = [
  ['scope:open', 'a list', ({ listId }) => ({ scopes: [{ scope: `list:${listId}` }] }), members('snapshot')],
  ['scope:open', 'a thread', ({ threadId }) => ({ scopes: [{ scope: `thread:${threadId}` }] }), members('snapshot')],
  ['scope:open', "the owner's own scope", () => ({ scopes: [{ scope: `user:${visitors.owner.userId}` }] }), ownScope],
  ['scope:pull', 'a list', ({ listId }) => ({ scope: `list:${listId}` }), members('snapshot')],
  ['scope:pull', 'a thread', ({ threadId }) => ({ scope: `thread:${threadId}` }), members('snapshot')],
  ['scope:pull', "the owner's own scope", () => ({ scope: `user:${visitors.owner.userId}` }), ownScope],
  ['scope:page', 'a list', ({ listId }) => ({ scope: `list:${listId}`, next: 'task|' }), members('ok')],
  [
    'scope:page',
    'a list, with a page of no kind',
    ({ listId }) => ({ scope: `list:${listId}`, next: 'acl_grant|' }),
    everybody('not_found'),
  ],
  ['scope:close', 'a list', ({ listId }) => ({ scope: `list:${listId}` }), everybody('ok')],
  [
    'presence:set',
    'a list that is not open',
    ({ listId }) => ({ scope: `list:${listId}`, state: {} }),
    everybody('not_found'),
  ],
  ['run:watch', 'a run', ({ runId }) => ({ runId }), members('queued')],
  ['run:unwatch', 'a run', ({ runId }) => ({ runId }), everybody('ok')],
  ['run:stop', 'a run', ({ runId }) => ({ runId }), editors('stopped')],
  [
    'run:decide',
    'a call that does not wait',
    ({ runId }) => ({ runId, callId: 'call', approve: true }),
    { ...editors('not_found') },
  ],
];

const MUTATIONS: [CommandName, (fixture: Fixture, role: Role) => unknown, Expected][] = [
  ['list.create', () => ({ id: v7(), title: 'Mine' }), everybody('applied')],
  ['list.rename', ({ listId }) => ({ id: listId, title: 'Renamed' }), editors('applied')],
  ['list.archive', ({ listId }) => ({ id: listId, archived: true }), owners('applied')],
  ['list.delete', ({ listId }) => ({ id: listId }), owners('applied')],
  ['task.create', ({ listId }) => ({ id: v7(), listId, title: 'New' }), editors('applied')],
  ['task.update', ({ taskId }) => ({ id: taskId, fields: { title: 'Other' } }), editors('applied')],
  ['task.label', ({ taskId, labelId }) => ({ id: taskId, add: [labelId] }), editors('applied')],
  ['task.assign', ({ taskId }) => ({ id: taskId, add: [visitors.owner.userId] }), editors('applied')],
  ['task.place', ({ taskId }) => ({ id: taskId, after: null }), editors('applied')],
  ['task.complete', ({ taskId }) => ({ id: taskId, done: true }), editors('applied')],
  ['task.delete', ({ taskId }) => ({ id: taskId }), editorOnce],
  ['label.create', ({ listId }) => ({ id: v7(), listId, name: `New ${randomUUID()}` }), editors('applied')],
  ['label.update', ({ labelId }) => ({ id: labelId, fields: { name: 'Other' } }), editors('applied')],
  ['label.delete', ({ labelId }) => ({ id: labelId }), editorOnce],
  [
    'member.invite',
    ({ listId }) => ({ listId, email: `${randomUUID()}@example.test`, role: 'viewer' }),
    owners('applied'),
  ],
  ['member.setRole', ({ listId }) => ({ listId, userId: visitors.viewer.userId, role: 'editor' }), owners('applied')],
  ['member.remove', ({ listId }) => ({ listId, userId: visitors.owner.userId }), { ...owners('conflict') }],
  ['membership.update', ({ listId }) => ({ listId, fields: { muted: true } }), members('applied')],
  ['settings.update', () => ({ fields: { theme: 'dark' } }), everybody('applied')],
  ['thread.create', ({ listId }) => ({ id: v7(), listId, title: 'New' }), editors('applied')],
  ['thread.rename', ({ threadId }) => ({ id: threadId, title: 'Other' }), editors('applied')],
  ['thread.delete', ({ threadId }) => ({ id: threadId }), editorOnce],
  ['message.send', ({ threadId }) => ({ id: v7(), threadId, text: 'More' }), editors('applied')],
];

const mids = new Map<TestClient, number>();
/** From clients of their own, whose mids nobody else counts. */
async function mutateAs(role: Role, name: string, args: unknown): Promise<string> {
  const client = writers[role];
  const mid = (mids.get(client) ?? 0) + 1;
  mids.set(client, mid);
  return verdict(client, 'mutate', { mid, nonce: randomUUID(), name, args });
}
const writers = {} as Record<Role, TestClient>;
beforeAll(async () => {
  for (const role of ROLES) writers[role] = await product.client(visitors[role]);
});

describe('messages', () => {
  test.each(MESSAGES)('%s: %s', async (event, _what, dataOf, expected) => {
    const fixture = await makeFixture();
    const verdicts = {} as Expected;
    for (const role of ROLES) verdicts[role] = await verdict(clients[role], event, dataOf(fixture));
    expect(verdicts).toEqual(expected);
  });

  test('every message of the contract is among them', () => {
    expect([...new Set(MESSAGES.map(([event]) => event)), 'mutate'].sort()).toEqual(Object.keys(HANDLERS).sort());
  });

  test('presence, from inside a room: a member is seen, and sees who is there', async () => {
    const { listId } = await makeFixture();
    const scope = `list:${listId}`;
    await clients.viewer.get('scope:open', { scopes: [{ scope }] });
    expect(await clients.viewer.get('presence:set', { scope, state: {} })).toEqual({
      who: [{ id: visitors.viewer.userId, state: {} }],
    });
    await clients.viewer.get('scope:close', { scope });
    expect(await verdict(clients.viewer, 'presence:set', { scope, state: {} })).toBe('not_found');
  });
});

describe('mutations', () => {
  test.each(MUTATIONS)('%s', async (name, argsOf, expected) => {
    const fixture = await makeFixture();
    const verdicts = {} as Expected;
    for (const role of ROLES) verdicts[role] = await mutateAs(role, name, argsOf(fixture, role));
    expect(verdicts).toEqual(expected);
  });

  test("in somebody else's name: the actor is the session's, whatever the frame says", async () => {
    const { listId } = await makeFixture();
    const scope = `list:${listId}`;
    await clients.owner.get('scope:open', { scopes: [{ scope }] });
    const frame = {
      actor: { id: visitors.owner.userId },
      userId: visitors.owner.userId,
      mid: (mids.get(writers.editor) ?? 0) + 1,
    };
    mids.set(writers.editor, frame.mid);
    await writers.editor.get('mutate', {
      ...frame,
      nonce: randomUUID(),
      name: 'list.rename',
      args: { id: listId, title: 'x' },
    });
    const packet = await clients.owner.next('scope:changes', (one) => one.scope === scope);
    expect(packet.changes.at(-1)?.actor).toEqual({ id: visitors.editor.userId, kind: 'person' });
  });
});

test('what is absent and what is not visible get the very same answer', async () => {
  const { listId, threadId, runId, taskId } = await makeFixture();
  const asks: [ClientEventName, (id: string) => unknown, string][] = [
    ['scope:pull', (id) => ({ scope: `list:${id}` }), listId],
    ['scope:pull', (id) => ({ scope: `thread:${id}` }), threadId],
    ['scope:page', (id) => ({ scope: `list:${id}`, next: 'task|' }), listId],
    ['run:watch', (id) => ({ runId: id }), runId],
    ['run:stop', (id) => ({ runId: id }), runId],
  ];
  for (const [event, dataOf, id] of asks) {
    const absent = v7();
    const [hidden, nothing] = [
      await clients.stranger.ask(event, dataOf(id)),
      await clients.stranger.ask(event, dataOf(absent)),
    ];
    expect(JSON.stringify(hidden).replaceAll(id, absent)).toBe(JSON.stringify(nothing));
  }
  const answers = [];
  for (const id of [taskId, v7()]) {
    const mid = (mids.get(writers.stranger) ?? 0) + 1;
    mids.set(writers.stranger, mid);
    answers.push(
      await writers.stranger.ask('mutate', {
        mid,
        nonce: randomUUID(),
        name: 'task.complete',
        args: { id, done: true },
      }),
    );
  }
  expect(answers[0]).toEqual(answers[1]);
});

test('nobody heard a word of what was not theirs', () => {
  for (const role of ['stranger', 'guest'] as const) {
    const heard = JSON.stringify([clients[role].heard, writers[role].heard]);
    expect(heard).not.toMatch(/Secret|scope:changes/);
  }
});
