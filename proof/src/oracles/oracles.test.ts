import { describe, expect, it } from 'vitest';
import type { Effect } from '@muster/protocol/change';
import { checkAcknowledged, checkKept } from './acknowledged.ts';
import { checkApprovals } from './approvals.ts';
import { checkContiguous } from './contiguous.ts';
import { checkDiskCopies } from './disk-copies.ts';
import { checkOnce } from './exactly-once.ts';
import { checkFolded } from './folded-log.ts';
import { BEATS, checkShown, checkTold } from './in-time.ts';
import type { LogRow, ScopeRow } from './log.ts';
import { checkPending } from './pending.ts';
import { checkProcesses } from './process-faults.ts';
import { checkRemoved, type Delivery } from './removed-members.ts';
import { checkEnded, checkStoredOnce, checkTexts, checkToolEffects, type SeenText } from './runs.ts';
import { checkSameOrder } from './same-order.ts';
import { compareImages, imageOf } from './scope-image.ts';
import type { Violation } from './violation.ts';

/** Each promise: silent on a history that keeps it, and red on the smallest one that does not. */
const promises = (found: Violation[]) => found.map(({ promise }) => promise);
const put = (type: string, id: string, value: Record<string, unknown>): Effect => ({ op: 'put', type, id, value });
const task = (id: string, title: string, pos = 'a0') => put('task', id, { title, pos });
const LIST = 'list:1';

function row(scope: string, seq: number, more: Partial<LogRow> = {}): LogRow {
  return {
    ...{ scope, seq, txnId: `${scope}-${seq}`, actor: 'ada', clientId: 'c1', mid: seq, nonce: `${scope} ${seq}` },
    ...{ runId: null, callId: null, aclEpoch: 1, effects: [], prev: [], at: 1_000 + seq * 10 },
    ...more,
  };
}
const other = { clientId: 'c2', nonce: 'n2' };
const head = (at: number, more: Partial<ScopeRow> = {}): ScopeRow => ({
  ...{ scope: LIST, acl: LIST, head: at, floorSeq: 0, isGone: false },
  ...more,
});

describe('contiguous', () => {
  const log = [row(LIST, 1), row(LIST, 2), row(LIST, 3)];
  it('is content with a log without gaps, and with one whose beginning is compacted', () => {
    expect(checkContiguous(log, [head(3)])).toEqual([]);
    expect(checkContiguous(log.slice(1), [head(3, { floorSeq: 1 })])).toEqual([]);
  });
  it.each([
    ['a gap', [row(LIST, 1), row(LIST, 3)], head(3)],
    ['a double', [...log, row(LIST, 3)], head(3)],
    ['a lost last one', log, head(4)],
    ['time that runs backwards', [row(LIST, 1), row(LIST, 2, { at: 5 })], head(2)],
    ['a scope that is not there', [row('list:2', 1)], head(0)],
  ])('names %s', (_name, rows, scope) => {
    expect(promises(checkContiguous(rows, [scope]))).toContain('P2 contiguous');
  });
});

describe('copies of disks', () => {
  const log = [row(LIST, 1, { effects: [task('1', 'Tea')] }), row(LIST, 2, { effects: [task('2', 'Milk')] })];
  const copy = (titles: string[], isPaged: boolean) => ({
    ...{ seat: 'A', scope: LIST, seq: 1, isPaged },
    entities: titles.map((title, at) => ({ type: 'task', id: String(at + 1), value: { title, pos: 'a0' } })),
  });
  it('is content with what the log says there, and with later pages that know more', () => {
    expect(checkDiskCopies(log, [copy(['Tea'], false), copy(['Tea'], true), copy(['Tea', 'Milk'], true)])).toEqual([]);
  });
  it.each([
    ['what comes later in a whole snapshot', copy(['Tea', 'Milk'], false)],
    ['what is in no log', copy(['Tea', 'Milk', 'Salt'], true)],
    ['what later changes do not mend', copy(['Salt'], true)],
  ])('names %s', (_name, held) => {
    expect(promises(checkDiskCopies(log, [held]))).toContain('P2 equal at rest');
  });
});

describe('once', () => {
  it('lets one mutation stand in two scopes', () => {
    const both = { txnId: 't', mid: 1, nonce: 'n' };
    expect(checkOnce([row(LIST, 1, both), row('user:ada', 1, both), row(LIST, 2)])).toEqual([]);
  });
  it('lets what has no client be', () => {
    const agents = { clientId: null, mid: null, nonce: null };
    expect(checkOnce([row(LIST, 1, agents), row(LIST, 2, agents)])).toEqual([]);
  });
  it('names a mutation that applied twice', () => {
    expect(promises(checkOnce([row(LIST, 1), row(LIST, 2, { mid: 1 })]))).toEqual(['P1 once']);
  });
  it('names one that applied again under a new client id', () => {
    const again = row(LIST, 2, { clientId: 'c2', nonce: `${LIST} 1` });
    expect(promises(checkOnce([row(LIST, 1), again]))).toEqual(['P1 once']);
  });
});

describe('acknowledged', () => {
  const answer = { seat: 's', clientId: 'c1', mid: 1, nonce: `${LIST} 1`, seqs: { [LIST]: 1 } };
  it('finds each in the log, or below its floor', () => {
    expect(checkAcknowledged([row(LIST, 1)], [head(1)], [answer, { ...answer, seqs: null }])).toEqual([]);
    expect(checkAcknowledged([], [head(1, { floorSeq: 1 })], [answer])).toEqual([]);
  });
  it.each([
    ['is lost', []],
    ['is another mutation', [row(LIST, 1, other)]],
  ])('names one that %s', (_name, log) => {
    expect(promises(checkAcknowledged(log, [head(1)], [answer]))).toEqual(['P1 acknowledged']);
  });
  it('names what was kept on a disk and then forgotten', () => {
    const kept = [
      { seat: 's', nonce: `${LIST} 1`, name: 'task.create' },
      { seat: 's', nonce: 'refused', name: 'task.create' },
    ];
    expect(checkKept([row(LIST, 1)], kept, new Set(['refused']))).toEqual([]);
    expect(promises(checkKept([row(LIST, 1)], kept, new Set()))).toEqual(['P1 acknowledged']);
  });
});

it('names whoever heard another change under a number', () => {
  const heard = { seat: 's', scope: LIST, seq: 1, txnId: `${LIST}-1` };
  expect(checkSameOrder([row(LIST, 1)], [head(1)], [heard])).toEqual([]);
  expect(promises(checkSameOrder([row(LIST, 1)], [head(1)], [{ ...heard, txnId: 'x' }]))).toEqual(['P2 same order']);
  expect(promises(checkSameOrder([row(LIST, 1)], [head(1)], [{ ...heard, seq: 2 }]))).toEqual(['P2 same order']);
});

describe('equal at rest', () => {
  const entities = [
    { type: 'task', id: '1', value: { title: 'Milk', pos: 'a0' } },
    { type: 'task', id: '2', value: { title: 'Eggs', pos: 'a1' } },
  ];
  const wanted = imageOf(LIST, 2, entities);
  const differ = (held: typeof entities, order?: string[]) =>
    promises(compareImages(wanted, imageOf(LIST, 2, held, order), { seat: 's' }));
  it('does not mind the order of keys or of rows', () => {
    expect(differ([entities[1]!, { ...entities[0]!, value: { pos: 'a0', title: 'Milk' } }])).toEqual([]);
  });
  it.each([
    ['missing', entities.slice(1)],
    ['too much', [...entities, { type: 'task', id: '3', value: { title: 'Tea', pos: 'a2' } }]],
    ['different', [{ ...entities[0]!, value: { title: 'Mlik', pos: 'a0' } }, entities[1]!]],
  ])('names what is %s', (word, held) => {
    expect(differ(held)).toEqual(['P2 equal at rest']);
    expect(compareImages(wanted, imageOf(LIST, 2, held), {})[0]?.what).toMatch(
      word === 'different' ? 'should be' : word,
    );
  });
  it('tells a wrong order apart from wrong contents', () => {
    expect(differ(entities, ['2', '1'])).toEqual(['P2 order of tasks']);
  });
});

describe('history', () => {
  const patch = (title: string): Effect => ({ op: 'patch', type: 'task', id: '1', fields: { title } });
  const log = [
    row(LIST, 1, { effects: [task('1', 'Milk')], prev: [null] }),
    row(LIST, 2, { effects: [patch('Eggs')], prev: [{ title: 'Milk' }] }),
  ];
  const rows = (title: string) =>
    new Map([[LIST, imageOf(LIST, 2, [{ type: 'task', id: '1', value: { title, pos: 'a0' } }])]]);
  it('is content where the log gives the rows', () => {
    expect(checkFolded(log, [head(2)], rows('Eggs'))).toEqual([]);
  });
  it('names rows that the log does not give', () => {
    expect(promises(checkFolded(log, [head(2)], rows('Milk')))).toEqual(['P5 history']);
  });
  it('names words that were overwritten and are kept nowhere', () => {
    const [first, second] = log as [LogRow, LogRow];
    expect(promises(checkFolded([first, { ...second, prev: [{}] }], [head(2)], rows('Eggs')))).toEqual(['P5 history']);
  });
});

describe('removed members', () => {
  const member = (op: 'put' | 'del'): Effect =>
    op === 'put' ? put('member', 'ben', { role: 'editor' }) : { op, type: 'member', id: 'ben' };
  const log = [
    row(LIST, 1, { effects: [member('put')], at: 1_000 }),
    row(LIST, 2, { effects: [member('del')], aclEpoch: 2, at: 2_000 }),
    row(LIST, 3, { aclEpoch: 2, at: 2_010 }),
    row('thread:1', 1, { aclEpoch: 1, at: 1_990 }),
    row('thread:1', 2, { aclEpoch: 2, at: 2_020 }),
    row(LIST, 4, { effects: [member('put')], aclEpoch: 2, at: 3_000 }),
  ];
  const listOf = (scope: string) => (scope.startsWith('user:') ? undefined : LIST);
  const ben = (more: Partial<Delivery>): Delivery => ({ seat: 's', userId: 'ben', scope: LIST, at: 2_100, ...more });
  it.each([
    ['a change from before, late', { seq: 1 }],
    ['a snapshot from before, late', { seq: 1, isSnapshot: true }],
    ['all of it once they are back', { seq: 3, at: 3_001 }],
    ['words from before', { scope: 'thread:1', aclEpoch: 1 }],
    ["a thread's change from before", { scope: 'thread:1', seq: 1 }],
    ['their own scope', { scope: 'user:ben', seq: 9 }],
  ])('may hear %s', (_name, more) => {
    expect(checkRemoved(log, listOf, [ben(more)])).toEqual([]);
  });
  it('lets the others hear all of it', () => {
    expect(checkRemoved(log, listOf, [{ ...ben({ seq: 3 }), userId: 'ada' }])).toEqual([]);
  });
  it.each([
    ['a change', { seq: 3 }],
    ['a snapshot read at the removal', { seq: 2, isSnapshot: true }],
    ["a thread's change", { scope: 'thread:1', seq: 2 }],
    ['words of a run', { scope: 'thread:1', aclEpoch: 2 }],
  ])('names %s from after it', (_name, more) => {
    expect(promises(checkRemoved(log, listOf, [ben(more)]))).toEqual(['P4 removed']);
  });
});

describe('runs', () => {
  it('names a run that nobody ends', () => {
    const run = { id: 'r', scope: 'thread:1', attempt: 1 };
    expect(checkEnded([{ ...run, status: 'completed' }])).toEqual([]);
    for (const status of ['queued', 'running'])
      expect(promises(checkEnded([{ ...run, status }]))).toEqual(['runs end']);
  });

  const log = [
    row('thread:1', 1, { effects: [put('run', 'r', { status: 'running', attempt: 2 })] }),
    row('thread:1', 2, { effects: [put('message', 'm', { role: 'assistant', runId: 'r', text: 'Both are there.' })] }),
  ];
  const seen = (more: Partial<SeenText>): SeenText => ({
    ...{ seat: 's', runId: 'r', attempt: 2, itemId: 'r:0', messageId: 'm', text: 'Both are', isGrowing: true },
    ...more,
  });
  it('takes the beginning of what is stored, and whatever a dead attempt said', () => {
    expect(checkTexts(log, [seen({}), seen({ attempt: 1, text: 'I will' })])).toEqual([]);
  });
  it.each([
    ['other words than those stored', { text: 'Both  are' }],
    ['more than is stored', { text: 'Both are there.!' }],
    ['words that changed under the eyes', { isGrowing: false }],
  ])('names %s', (_name, more) => {
    expect(promises(checkTexts(log, [seen(more)]))).toEqual(['run texts']);
  });

  const item = (seq: number, state: string, text: string) =>
    row('thread:1', seq, { effects: [put('run_item', 'r:1', { runId: 'r', n: 1, state, body: { text } })] });
  it('lets an item go on until it is over, and come again as it was', () => {
    const log = [item(1, 'open', ''), item(2, 'open', 'So'), item(3, 'done', 'So be it'), item(4, 'done', 'So be it')];
    expect(checkStoredOnce(log)).toEqual([]);
  });
  it.each(['done', 'open'])('names an item that was over, and is stored again as another one: %s', (state) => {
    expect(promises(checkStoredOnce([item(1, 'done', 'So be it'), item(2, state, 'No')]))).toEqual(['run texts']);
  });

  const call = { runId: 'r', callId: 'c', clientId: null, mid: null, nonce: null };
  const isMarked = (title: string) => title.startsWith('#');
  it('lets a call make several tasks, and two runs the same one', () => {
    const effects = [task('1', '#one'), task('2', '#two'), task('3', 'Milk'), task('4', 'Milk')];
    expect(checkToolEffects([row(LIST, 1, { ...call, effects })], isMarked)).toEqual([]);
  });
  it('names a call that took effect twice, and an effect that came again under a new call', () => {
    const first = row(LIST, 1, { ...call, effects: [task('1', '#one')] });
    expect(promises(checkToolEffects([first, row(LIST, 2, call)], isMarked))).toEqual(['tools once']);
    const anew = row(LIST, 2, { ...call, callId: 'd', effects: [task('2', '#one')] });
    expect(promises(checkToolEffects([first, anew], isMarked))).toEqual(['tools once']);
  });
});

describe('approvals', () => {
  const THREAD = 'thread:1';
  const call = { runId: 'r', callId: 'c' };
  const answer = (seq: number, decision: string | null) =>
    row(THREAD, seq, {
      effects: [put('run_item', 'r:2', { ...call, kind: 'approval', body: { decision, by: null } })],
    });
  const doing = (seq: number, count: number, more = {}): LogRow[] => {
    const effects = Array.from({ length: count }, (_, n): Effect => ({ op: 'del', type: 'task', id: `${n}` }));
    const beside = row(THREAD, seq, { txnId: 'doing', ...call, ...more });
    return [beside, row(LIST, 1, { txnId: 'doing', effects, ...call, ...more })];
  };
  it('lets a few go unasked, and many once somebody has agreed', () => {
    expect(checkApprovals(doing(1, 5))).toEqual([]);
    expect(checkApprovals([answer(1, null), answer(2, 'approved'), answer(3, 'approved'), ...doing(4, 6)])).toEqual([]);
  });
  it.each([
    ['unasked', doing(1, 6)],
    ['before the answer', [answer(1, null), ...doing(2, 6), answer(3, 'approved')]],
    ['after a no', [answer(1, null), answer(2, 'declined'), ...doing(3, 1)]],
    ['by the consent to another call', [answer(1, 'approved'), ...doing(2, 6, { callId: 'd' })]],
  ])('names what was done %s', (_when, log) => {
    expect(promises(checkApprovals(log))).toEqual(['approvals']);
  });
  it('names an answer that was overruled', () => {
    expect(promises(checkApprovals([answer(1, 'declined'), answer(2, 'approved')]))).toEqual(['approvals']);
    expect(promises(checkApprovals([answer(1, 'approved'), answer(2, null)]))).toEqual(['approvals']);
  });
});

it('names what is not shown, and who is not told, by the beats of the server', () => {
  const waiting = { seat: 's', scope: LIST, beats: BEATS - 1, hasCome: false };
  expect(checkShown([waiting, { ...waiting, beats: 9, hasCome: true }])).toEqual([]);
  expect(promises(checkShown([{ ...waiting, beats: BEATS }]))).toEqual(['P3 staleness']);
  expect(promises(checkTold([{ ...waiting, beats: BEATS }]))).toEqual(['P4 told']);
});

it('names a client that is not at rest', () => {
  const client = { seat: 's', connection: 'online', pending: 0, isBehind: false };
  expect(checkPending([client])).toEqual([]);
  for (const more of [{ pending: 1 }, { connection: 'offline' }, { isBehind: true }])
    expect(promises(checkPending([{ ...client, ...more }]))).toEqual(['P2 pending']);
});

it('names a process that ended by itself, or let a fault pass', () => {
  const quiet = {
    name: 'gateway 1',
    ends: [],
    logFile: 'x.log',
    log: '{"level":"warn","msg":"a broken connection"}\n',
  };
  expect(checkProcesses([quiet])).toEqual([]);
  for (const more of [
    { ends: ['ended with code 1'] },
    { log: '{"level":"fatal","fault":"unhandledRejection","msg":"nobody caught this"}' },
    { log: '{"level":"error","err":{"type":"TypeError","message":"…"},"msg":"a handler failed"}' },
    { log: 'x.ts:3\n\nTypeError: nothing is not a function\n    at x.ts:3\n\nNode.js v24.1.0' },
  ])
    expect(promises(checkProcesses([{ ...quiet, ...more }]))).toEqual(['processes live']);
});
