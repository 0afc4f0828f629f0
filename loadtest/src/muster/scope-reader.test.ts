import { expect, test } from 'vitest';
import { ScopeReader } from './scope-reader.ts';
import type { Change, Packet } from './wire-types.ts';

const scope = 'list:a';
const changesOf = (from: number, to: number): Change[] =>
  Array.from({ length: to - from + 1 }, (_, at) => ({ seq: from + at, effects: [] }));
const packet = (from: number, to = from, logEpoch = 'e'): Packet => ({
  ...{ scope, from, to, logEpoch },
  changes: changesOf(from, to),
});
const missed = (from: number, to: number) => ({ ...packet(from, to), kind: 'changes' as const });
const snapshot = (seq: number, logEpoch = 'e') => ({
  ...{ scope, seq, logEpoch },
  kind: 'snapshot' as const,
  entities: [],
});

function readerAt(seq: number) {
  const told: string[] = [];
  const reader = new ScopeReader(scope, {
    changed: (_scope, change, road) => void told.push(`${road} ${change.seq}`),
    snapshot: () => void told.push('snapshot'),
  });
  reader.answer(snapshot(seq), 'missed');
  told.length = 0;
  return { reader, told };
}

test('applies what comes next, cuts what it has, and drops what is old', () => {
  const { reader, told } = readerAt(4);
  expect([packet(5), packet(4, 6), packet(3)].map((one) => reader.hear(one))).toEqual(['fine', 'fine', 'fine']);
  expect(told).toEqual(['live 5', 'live 6']);
  expect(reader.position).toEqual({ seq: 6, logEpoch: 'e' });
});

test('holds what lies beyond a gap, until the gap is closed', () => {
  const { reader, told } = readerAt(4);
  expect(reader.hear(packet(7))).toBe('gap');
  expect(reader.hear(packet(8))).toBe('fine');
  expect(reader.isBehind(9)).toBe(false);
  expect(reader.answer(missed(5, 6), 'repair')).toBe('fine');
  expect(told).toEqual(['repair 5', 'repair 6', 'live 7', 'live 8']);
});

test('asks again where the answer did not close it', () => {
  const { reader } = readerAt(4);
  reader.hear(packet(9));
  expect(reader.answer(missed(5, 6), 'repair')).toBe('again');
  expect(reader.answer(missed(7, 8), 'repair')).toBe('fine');
  expect(reader.position?.seq).toBe(9);
});

test('a head above its own shows a gap that no packet shows', () => {
  const { reader } = readerAt(4);
  expect([reader.isBehind(4), reader.isBehind(5)]).toEqual([false, true]);
});

test('keeps news back while it waits for an answer', () => {
  const { reader, told } = readerAt(4);
  reader.wait();
  expect(reader.hear(packet(6))).toBe('fine');
  expect(told).toEqual([]);
  reader.answer(missed(5, 5), 'missed');
  expect(told).toEqual(['missed 5', 'live 6']);
});

test('another log epoch is a gap, and a snapshot may lower where it stands', () => {
  const { reader, told } = readerAt(4);
  expect(reader.hear(packet(5, 5, 'other'))).toBe('gap');
  reader.answer(snapshot(2, 'other'), 'repair');
  expect(reader.position?.logEpoch).toBe('other');
  expect(told).toEqual(['snapshot']);
});

test('an answer that was too full, or a scope that is gone, changes nothing', () => {
  const { reader } = readerAt(4);
  expect(reader.answer({ scope, kind: 'later' }, 'missed')).toBe('again');
  expect(reader.answer({ scope, kind: 'error', error: { code: 'not_found', message: 'gone' } }, 'missed')).toBe(
    'refused',
  );
  expect(reader.position?.seq).toBe(4);
});
