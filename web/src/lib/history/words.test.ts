import type { PastChange, PastEffect } from '@muster/protocol/http-history';
import { AGENT_ID } from '@muster/protocol/principal';
import { describe, expect, it } from 'vitest';
import { groupChanges } from './group-changes.ts';
import { knownNames } from './known-names.ts';
import { plain, sayDeed, sayWho, type Teller } from './say.ts';

const NAMES: Record<string, string> = { ada: 'Ada', grace: 'Grace', linus: 'Linus' };
const teller: Teller = {
  nameOf: (id) => NAMES[id] ?? 'Someone',
  labelName: (id) => (id === 'food' ? 'Food' : 'a label'),
  selfId: 'me',
  reader: { now: Date.parse('2026-03-05T09:00:00Z'), zone: 'Europe/Berlin' },
};
const T0 = 1_000_000;

let seq = 100;
/** Newest last, as they happened: each at its second. */
function change(at: number, effects: PastEffect[], more: Partial<PastChange> = {}): PastChange {
  seq += 1;
  return { seq, at: T0 + at * 1000, txnId: `txn-${seq}`, actor: { id: 'grace', kind: 'person' }, effects, ...more };
}
const put = (
  id: string,
  value: Record<string, unknown> = {},
  prev: Record<string, unknown> | null = null,
): PastEffect => ({
  op: 'put',
  type: 'task',
  id,
  value: { title: id, parentId: null, ...value },
  prev,
});
/** A task that is as old as its change. */
const made = (at: number, id: string, value = {}): PastEffect => put(id, { createdAt: T0 + at * 1000, ...value });
const patch = (id: string, fields: Record<string, unknown>, prev: Record<string, unknown>): PastEffect => ({
  op: 'patch',
  type: 'task',
  id,
  fields,
  prev,
});
const del = (id: string, prev: Record<string, unknown> = {}): PastEffect => ({
  op: 'del',
  type: 'task',
  id,
  prev: { title: id, parentId: null, ...prev },
});
const other = (op: 'put' | 'patch' | 'del', type: string, id: string, next: object, prev: object | null): PastEffect =>
  ({ op, type, id, ...(op === 'put' ? { value: next } : op === 'patch' ? { fields: next } : {}), prev }) as PastEffect;

/** What a reader sees, oldest first, a line for each deed. */
function tell(changes: PastChange[], more: Partial<Teller> = {}, titles: Record<string, string> = {}): string[] {
  const newestFirst = changes.toReversed();
  const all = { ...teller, ...more };
  return groupChanges(newestFirst, knownNames(newestFirst, titles))
    .toReversed()
    .map(({ actor, deeds }) => `${sayWho(actor, all)} ${deeds.map((deed) => plain(sayDeed(deed, all))).join('; ')}`);
}
const one = (effect: PastEffect | PastEffect[], more: Partial<PastChange> = {}) =>
  tell([change(0, [effect].flat(), more)]);
const MOVED = [{ ids: ['Boat'], listId: 'l', title: 'Trip' }];

describe('one change in words', () => {
  it.each<[string, PastEffect | PastEffect[], Partial<PastChange>?]>([
    ['Grace added “Boat”', made(0, 'Boat')],
    ['Grace added the sub-task “Oars” to “Boat”', [made(0, 'Oars', { parentId: 'Boat' })]],
    [
      'Grace added “Boat” with 2 sub-tasks',
      [made(0, 'Boat'), made(0, 'a', { parentId: 'Boat' }), made(0, 'b', { parentId: 'Boat' })],
    ],
    ['Grace brought back “Boat”', put('Boat', { createdAt: 5 })],
    [
      'Grace brought back “Boat” with a sub-task',
      [put('Boat', { createdAt: 5 }), put('Oars', { createdAt: 5, parentId: 'Boat' })],
    ],
    ['Grace deleted “Boat”', del('Boat')],
    ['Grace deleted “Boat” with a sub-task', [del('Oars', { parentId: 'Boat' }), del('Boat')]],
    ['Grace moved “Boat” here from “Trip”', put('Boat', { createdAt: 5 }), { moved: MOVED }],
    [
      'Grace moved “Boat” with a sub-task to “Trip”',
      [del('Oars', { parentId: 'Boat' }), del('Boat')],
      { moved: MOVED },
    ],
    ['Grace moved “Boat” here from another list', put('Boat', { createdAt: 5 }), { moved: [{ ids: ['Boat'] }] }],
    ['Grace renamed “Boat” to “Confirm the boat”', patch('x', { title: 'Confirm the boat' }, { title: 'Boat' })],
    ['Grace wrote notes for “Boat”', patch('Boat', { notes: 'n' }, { notes: '' })],
    ['Grace edited the notes of “Boat”', patch('Boat', { notes: 'n' }, { notes: 'm' })],
    ['Grace cleared the notes of “Boat”', patch('Boat', { notes: '' }, { notes: 'm' })],
    ['Grace completed “Boat”', patch('Boat', { done: true, doneAt: 1 }, { done: false, doneAt: null })],
    ['Grace reopened “Boat”', patch('Boat', { done: false }, { done: true })],
    ['Grace made “Boat” due Mon 9 Mar', patch('Boat', { due: { date: '2026-03-09' } }, { due: null })],
    [
      'Grace moved the due date of “Boat” from Mon 9 Mar to 1 Feb 2027, 05:30',
      patch(
        'Boat',
        { due: { date: '2027-01-31', time: '23:30', zone: 'America/New_York' } },
        { due: { date: '2026-03-09' } },
      ),
    ],
    ['Grace took the due date off “Boat” (Mon 9 Mar)', patch('Boat', { due: null }, { due: { date: '2026-03-09' } })],
    ['Grace gave “Boat” high priority', patch('Boat', { priority: 'high' }, { priority: 'none' })],
    ['Grace changed the priority of “Boat” from high to low', patch('Boat', { priority: 'low' }, { priority: 'high' })],
    ['Grace took the high priority off “Boat”', patch('Boat', { priority: 'none' }, { priority: 'high' })],
    ['Grace assigned “Boat” to Ada and Linus', patch('Boat', { assigneeIds: ['ada', 'linus'] }, { assigneeIds: [] })],
    ['Grace took you off “Boat”', patch('Boat', { assigneeIds: [] }, { assigneeIds: ['me'] })],
    ['Grace assigned “Boat” to you instead of Ada', patch('Boat', { assigneeIds: ['me'] }, { assigneeIds: ['ada'] })],
    ['Grace labelled “Boat” “Food”', patch('Boat', { labelIds: ['food'] }, { labelIds: [] })],
    ['Grace took the label “Food” off “Boat”', patch('Boat', { labelIds: [] }, { labelIds: ['food'] })],
    [
      'Grace made “Oars” a sub-task of “Boat”',
      patch('Oars', { parentId: 'Boat', pos: 'b' }, { parentId: null, pos: 'a' }),
    ],
    ['Grace took “Oars” out of “Boat”', patch('Oars', { parentId: null }, { parentId: 'Boat' })],
    ['Grace moved “Boat” to another place', patch('Boat', { pos: 'b' }, { pos: 'a' })],
    [
      'Grace made the list “Trip”',
      [other('put', 'list', 'l', { title: 'Trip' }, null), other('put', 'member', 'grace', { role: 'owner' }, null)],
    ],
    ['Grace renamed the list from “Trip” to “Sail”', other('patch', 'list', 'l', { title: 'Sail' }, { title: 'Trip' })],
    ['Grace archived the list', other('patch', 'list', 'l', { archivedAt: 1 }, { archivedAt: null })],
    ['Grace brought the list back', other('patch', 'list', 'l', { archivedAt: null }, { archivedAt: 1 })],
    ['Grace joined as an editor', other('put', 'member', 'grace', { role: 'editor' }, null)],
    ['Grace added you as a viewer', other('put', 'member', 'me', { role: 'viewer' }, null)],
    ['Grace made Ada an owner', other('patch', 'member', 'ada', { role: 'owner' }, { role: 'editor' })],
    ['Grace left the list', other('del', 'member', 'grace', {}, { role: 'editor' })],
    ['Grace removed Linus', other('del', 'member', 'linus', {}, { role: 'editor' })],
    ['Grace made the label “Food”', other('put', 'label', 'b', { name: 'Food' }, null)],
    ['Grace renamed the label “Food” to “Meals”', other('patch', 'label', 'b', { name: 'Meals' }, { name: 'Food' })],
    [
      'Grace gave the label “a label” another colour',
      other('patch', 'label', 'b', { color: 'red' }, { color: 'blue' }),
    ],
    ['Grace deleted the label “Food”', other('del', 'label', 'b', {}, { name: 'Food' })],
    ['Grace started the conversation “Plan”', other('put', 'thread', 'c', { title: 'Plan' }, null)],
    ['Grace started a conversation', other('put', 'thread', 'c', { title: '' }, null)],
  ])('%s', (words, effect, more) => {
    const titles = { Boat: 'Boat', Oars: 'Oars' };
    expect(tell([change(0, [effect].flat(), more)], {}, titles)).toEqual([words]);
  });

  it('says for whom the agent worked, and who "you" are', () => {
    const actor = { id: AGENT_ID, kind: 'agent' as const, for: 'ada' };
    expect(one(made(0, 'Boat'), { actor })).toEqual(['Agent, for Ada, added “Boat”']);
    expect(one(made(0, 'Boat'), { actor: { ...actor, for: 'me' } })).toEqual(['Agent, for you, added “Boat”']);
    expect(one(del('Boat'), { actor: { id: 'me', kind: 'person' } })).toEqual(['You deleted “Boat”']);
  });

  it('tells what was overwritten, and whose it was', () => {
    const overwrote = [{ type: 'task', id: 'Boat', field: 'due', value: null, actor: 'ada', seq: 3 }];
    const due = patch('Boat', { due: null }, { due: { date: '2026-03-09' } });
    expect(tell([change(0, [due], { overwrote })], {}, { Boat: 'Boat' })).toEqual([
      'Grace took the due date off “Boat” (Mon 9 Mar), which overwrote Ada’s due date',
    ]);
    const mine = [{ ...overwrote[0]!, field: 'title', actor: 'me' }];
    expect(one(patch('Boat', { title: 'B' }, { title: 'A' }), { overwrote: mine })).toEqual([
      'Grace renamed “A” to “B”, which overwrote your title',
    ]);
  });

  it('passes over what it does not know', () => {
    expect(one([other('put', 'meeting', 'm', {}, null), patch('Boat', { colour: 1 }, { colour: 0 })])).toEqual([]);
    expect(one([patch('Boat', { colour: 1 }, { colour: 0 }), patch('Boat', { done: true }, { done: false })])).toEqual([
      'Grace completed “a task”',
    ]);
  });

  it('leaves a task out of its own history', () => {
    const about = { about: 'Boat' };
    expect(
      tell(
        [
          change(0, [made(0, 'Boat')]),
          change(100, [patch('Boat', { notes: 'x' }, { notes: '' })]),
          change(200, [patch('Boat', { priority: 'low' }, { priority: 'high' })]),
          change(300, [made(300, 'Oars', { parentId: 'Boat' })]),
          change(400, [patch('Oars', { done: true }, { done: false })]),
          change(500, [patch('Boat', { done: true }, { done: false })]),
        ],
        about,
      ),
    ).toEqual([
      'Grace added this task',
      'Grace wrote notes',
      'Grace changed the priority from high to low',
      'Grace added the sub-task “Oars”',
      'Grace completed “Oars”',
      'Grace completed this task',
    ]);
  });
});

describe('several changes', () => {
  const run = { runId: 'r', actor: { id: AGENT_ID, kind: 'agent' as const, for: 'ada' } };

  it('of one run stand together, however long it took', () => {
    expect(tell([0, 100, 200].map((at) => change(at, [made(at, `t${at}`)], run)))).toEqual([
      'Agent, for Ada, added 3 tasks',
    ]);
  });

  it('of one person within a minute, and no longer', () => {
    expect(tell([0, 30, 59, 130].map((at) => change(at, [made(at, `t${at}`)])))).toEqual([
      'Grace added 3 tasks',
      'Grace added “t130”',
    ]);
  });

  it('of others in between part them', () => {
    const actor = { id: 'ada', kind: 'person' as const };
    expect(tell([change(0, [made(0, 'a')]), change(1, [made(1, 'b')], { actor }), change(2, [made(2, 'c')])])).toEqual([
      'Grace added “a”',
      'Ada added “b”',
      'Grace added “c”',
    ]);
  });

  it('say each thing once: the first old value and the last new one, and nothing of what was taken back', () => {
    const title = (from: string, to: string) => patch('x', { title: to }, { title: from });
    const done = (to: boolean) => patch('x', { done: to }, { done: !to });
    expect(
      tell(
        [0, 1, 2, 3].map((at) => change(at, [[title('A', 'B')], [done(true)], [title('B', 'C')], [done(false)]][at]!)),
      ),
    ).toEqual(['Grace renamed “A” to “C”']);
    expect(tell([change(0, [done(true)]), change(1, [done(false)])])).toEqual([]);
  });

  it('never hide words that stood for a moment', () => {
    const set = (field: string, ...texts: string[]) =>
      texts.slice(1).map((to, at) => change(at, [patch('Boat', { [field]: to }, { [field]: texts[at] })]));
    expect(tell(set('title', 'A', 'B', 'A'))).toEqual(['Grace renamed “A” to “B”; renamed “B” to “A”']);
    const boat = { Boat: 'Boat' };
    expect(tell(set('notes', '', 'Call', 'Call Ada'), {}, boat)).toEqual(['Grace wrote notes for “Boat”']);
    expect(tell(set('notes', '', 'Call', ''), {}, boat)).toEqual([
      'Grace wrote notes for “Boat”; cleared the notes of “Boat”',
    ]);
  });

  it('fold what is the same for several tasks', () => {
    const each = (at: number, effect: (id: string) => PastEffect) => change(at, [effect(`t${at}`)]);
    expect(tell([1, 2, 3].map((at) => each(at, (id) => patch(id, { done: true }, { done: false }))))).toEqual([
      'Grace completed 3 tasks',
    ]);
    expect(tell([1, 2].map((at) => each(at, (id) => patch(id, { pos: `${at}` }, { pos: '0' }))))).toEqual([
      'Grace moved 2 tasks to another place',
    ]);
    expect(
      tell(
        [1, 2].map((at) => each(at, (id) => made(at, id, { parentId: 'Boat' }))),
        {},
        { Boat: 'Boat' },
      ),
    ).toEqual(['Grace added 2 sub-tasks to “Boat”']);
  });
});
