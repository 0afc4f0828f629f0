import type { BrokenCondition } from '@muster/protocol/condition';
import { AGENT_ID } from '@muster/protocol/principal';
import { expect, test } from 'vitest';
import { refusalInWords } from './refusal-in-words.ts';

const GRACE = '00000000-0000-7000-8000-000000000002';
const ME = '00000000-0000-7000-8000-000000000001';
const muster = {
  userId: ME,
  get: (type: string) => (type === 'task' ? { value: { title: 'Boat' } } : undefined),
  nameOf: () => 'Grace',
} as unknown as Parameters<typeof refusalInWords>[1];

const said = (more: Partial<BrokenCondition>): string => {
  const conflict = {
    type: 'task',
    id: GRACE,
    field: 'title',
    value: 'Raft',
    by: { id: GRACE, kind: 'person' as const },
  };
  const details = { conflict: { ...conflict, ...more } };
  return refusalInWords({ code: 'conflict', message: 'x', retryable: false, details }, muster);
};

test.each<[string, Partial<BrokenCondition>]>([
  ['Grace has changed the title since, to “Raft”', {}],
  [
    '“Boat”: Grace has changed the date since, to Thursday 24 December 2026',
    { field: 'due', value: { date: '2026-12-24' } },
  ],
  ['“Boat”: Grace has removed the priority since', { field: 'priority', value: 'none' }],
  ['“Boat”: Grace has moved it since', { field: 'pos', value: 'a0' }],
  ['“Boat”: Grace has changed its sub-tasks since', { field: 'children', value: [] }],
  ['Grace has changed the title of the list since, to “Raft”', { type: 'list' }],
  ['you have changed the title since, to “Raft”, by something later', { by: { id: ME, kind: 'person' } }],
  ['the agent has changed the title since, to “Raft”', { by: { id: AGENT_ID, kind: 'agent', for: GRACE } }],
  ['someone has changed the title since, to “Raft”', { by: null }],
])('%s', (words, more) => expect(said(more)).toBe(words));

test('a rejection of another kind says what it says', () => {
  expect(refusalInWords({ code: 'forbidden', message: 'You can view this list.', retryable: false }, muster)).toBe(
    'You can view this list',
  );
});
