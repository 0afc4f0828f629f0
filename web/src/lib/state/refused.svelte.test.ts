import { beforeEach, expect, it } from 'vitest';
import { Refused } from './refused.svelte.ts';

const rejected = (nonce: string, name = 'task.update', args: unknown = { id: 't', fields: { title: 'Boat' } }) => ({
  ...{ mid: 1, nonce, name, args },
  error: { code: 'forbidden' as const, message: 'You may only read this list.', retryable: false },
});

beforeEach(() => localStorage.clear());

it('keeps the words of a refused edit over a reload, once', () => {
  const refused = new Refused(() => 'ada');
  refused.add(rejected('n1'));
  refused.add(rejected('n1'));
  refused.add(rejected('n2', 'message.send', { id: 'm', text: 'Hello' }));
  expect(new Refused(() => 'ada').edits).toMatchObject([
    { nonce: 'n2', what: 'A message', text: 'Hello', why: 'You may only read this list.' },
    { nonce: 'n1', what: 'A renamed task', text: 'Boat' },
  ]);
});

it('says what may have become of a task that is gone', () => {
  const gone = { code: 'not_found' as const, message: 'There is nothing here that you can see.', retryable: false };
  const refused = new Refused(() => 'ada');
  expect(refused.add({ ...rejected('n1'), error: gone }).why).toMatch(/^The task was deleted meanwhile/u);
  expect(refused.add({ ...rejected('n2', 'task.create'), error: gone }).why).toMatch(/^Its list is gone/u);
  expect(refused.add({ ...rejected('n3', 'message.send'), error: gone }).why).toBe(gone.message);
});

it('shows nobody the words of another person', () => {
  new Refused(() => 'ada').add(rejected('n1'));
  expect(new Refused(() => 'grace').edits).toEqual([]);
  expect(new Refused(() => undefined).edits).toEqual([]);
});

it('hears what another tab dismisses', () => {
  const [one, other] = [new Refused(() => 'ada'), new Refused(() => 'ada')];
  one.add(rejected('n1'));
  expect(other.edits).toHaveLength(1);
  const stop = other.watch();
  one.dismiss('n1');
  // The browser tells the other tabs, never the one that wrote.
  dispatchEvent(new StorageEvent('storage', { key: 'muster:refused:ada' }));
  expect(other.edits).toEqual([]);
  expect(localStorage.length).toBe(0);
  stop();
});

it('reads what is torn as nothing, and goes on', () => {
  localStorage.setItem('muster:refused:ada', '{');
  const refused = new Refused(() => 'ada');
  expect(refused.edits).toEqual([]);
  refused.add(rejected('n1'));
  expect(refused.edits).toHaveLength(1);
});
