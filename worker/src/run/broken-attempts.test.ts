import type { ItemWithText } from '@muster/db/repositories/run-work.repository';
import type { ApprovalBody } from '@muster/protocol/run';
import { expect, it } from 'vitest';
import { decidedRounds } from './broken-attempts.ts';
import { approvalItem, callItem, resultItem } from './item-log.ts';

const RUN = 'r';
const text = { runId: RUN, text: null };
const call = (n: number): ItemWithText => ({
  ...callItem(RUN, { n, callId: `c${n}`, name: 'delete_task', args: {} }, 'open'),
  ...text,
});
const result = (n: number): ItemWithText => ({
  ...resultItem(RUN, n, `c${n}`, { text: '{}', touched: [] }, 'done'),
  ...text,
});
const approval = (n: number, body?: ApprovalBody): ItemWithText => ({
  ...approvalItem(RUN, n, `c${n}`, body),
  ...text,
});
const APPROVED: ApprovalBody = { decision: 'approved', by: 'ada' };

it('counts what was asked at once as one round, and every later asking as another', () => {
  expect(decidedRounds([])).toBe(0);
  expect(decidedRounds([call(0), call(1), approval(2, APPROVED), approval(3, APPROVED)])).toBe(1);
  const twice = [call(0), approval(1, APPROVED), result(2), call(3), approval(4, { decision: 'declined', by: 'ada' })];
  expect(decidedRounds(twice)).toBe(2);
  expect(decidedRounds(twice.toReversed())).toBe(2);
});

it('does not count what nobody waited for, nor what still waits', () => {
  expect(decidedRounds([call(0), approval(1, { ...APPROVED, remembered: true }), result(2)])).toBe(0);
  expect(decidedRounds([call(0), approval(1)])).toBe(0);
  // One that was decided earlier, beside one that is asked for now.
  expect(decidedRounds([approval(1, { ...APPROVED, remembered: true }), approval(2, APPROVED)])).toBe(1);
});
