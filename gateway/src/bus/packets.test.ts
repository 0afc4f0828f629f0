import { expect, test } from 'vitest';
import type { Change } from '@muster/protocol/change';
import { ChangeRing } from './change-ring.ts';
import { estimateBytes, parsePacket, splitBySize } from './packets.ts';
import { SerialQueue } from './serial-queue.ts';
import { LIST } from './test/memory-world.ts';

const change = (seq: number, notes = ''): Change => ({
  ...{ seq, at: 1, txnId: 't', actor: { id: 'ada', kind: 'person' } },
  effects: [{ op: 'put', type: 'task', id: 'x', value: { notes } }],
});
const packet = { scope: LIST, from: 1, to: 2, changes: [change(1), change(2)], aclEpoch: 1, logEpoch: 'e' };

test('a packet goes on verbatim, with what this version does not know', () => {
  const newer = {
    ...packet,
    changes: [{ ...change(1), effects: [{ op: 'fold', into: 'x' }], mood: 'fine' }, change(2)],
  };
  expect(parsePacket(JSON.stringify(newer))).toEqual(newer);
});

test.each([
  ['no JSON', '{'],
  ['null', 'null'],
  ['a number', '7'],
  ['no changes', JSON.stringify({ ...packet, changes: undefined })],
  ['a hole', JSON.stringify({ ...packet, changes: [change(1), change(3)] })],
  ['too few', JSON.stringify({ ...packet, to: 3 })],
  ['nulls for changes', JSON.stringify({ ...packet, changes: [null, null] })],
  ['an epoch that is no number', JSON.stringify({ ...packet, aclEpoch: '1' })],
  ['no log', JSON.stringify({ ...packet, logEpoch: undefined })],
])('what is no packet is none: %s', (_what, json) => {
  expect(parsePacket(json)).toBeUndefined();
});

test('a run of changes is cut by size, and a single one never', () => {
  const changes = [change(1, 'x'.repeat(600)), change(2, 'x'.repeat(600)), change(3, 'x'.repeat(5_000)), change(4)];
  expect(splitBySize(changes, 1_500).map((run) => run.map(({ seq }) => seq))).toEqual([[1, 2], [3], [4]]);
  expect(splitBySize([])).toEqual([]);
});

test('the estimate of a size is near the truth', () => {
  const value = Array.from({ length: 200 }, (_, n) => change(n, 'some words of a task'));
  const ratio = estimateBytes(value) / JSON.stringify(value).length;
  expect(ratio).toBeGreaterThan(0.8);
  expect(ratio).toBeLessThan(1.25);
});

test('the ring keeps the last changes and knows how far back it reaches', () => {
  const ring = new ChangeRing(3);
  expect(ring.after(0)).toBeUndefined();
  for (let seq = 5; seq <= 20; seq++) ring.push([change(seq)]);
  expect(ring.after(17)?.map(({ seq }) => seq)).toEqual([18, 19, 20]);
  expect(ring.after(20)).toEqual([]);
  expect(ring.after(4)).toBeUndefined();
  expect([ring.reaches(17, 20), ring.reaches(2, 20), ring.reaches(25, 20)]).toEqual([true, false, true]);
});

test('jobs of a queue never interleave, run at once where they can, and a failing one ends nothing', async () => {
  const [order, faults] = [[] as string[], [] as unknown[]];
  const queue = new SerialQueue((fault) => void faults.push(fault));
  queue.run(() => void order.push('at once'));
  expect(order).toEqual(['at once']);
  const done = new Promise<void>((resolve) => {
    queue.run(async () => {
      order.push('begin');
      await Promise.resolve();
      order.push('end');
    });
    queue.run(() => {
      throw new Error('one');
    });
    queue.run(() => Promise.reject(new Error('two')));
    queue.run(() => {
      order.push('last');
      resolve();
    });
  });
  await done;
  expect(order).toEqual(['at once', 'begin', 'end', 'last']);
  expect(faults).toEqual([new Error('one'), new Error('two')]);
});
