import { expect, test } from 'vitest';
import { MarkBook, marksOf, readMark, writeMark, type Mark } from './marks.ts';

const mark = (n: number, isLast = false, author = 7): Mark => ({ author, n, sentAt: 1_700, isLast });
const seeAll = (...marks: Mark[]): MarkBook => {
  const book = new MarkBook();
  for (const one of marks) book.see(one);
  return book;
};

test('a mark is read as it was written, and people’s own titles are none', () => {
  for (const one of [mark(1), mark(12, true)]) expect(readMark(writeMark(one))).toEqual(one);
  for (const title of ['Buy milk', '~ 7 x 9', '~ 7 1 9 ended', undefined, 3]) expect(readMark(title)).toBeUndefined();
});

test('is found where a task is made and where its title changes, and nowhere else', () => {
  const title = writeMark(mark(4));
  expect(
    marksOf([
      { op: 'put', type: 'task', id: 'a', value: { title } },
      { op: 'patch', type: 'task', id: 'a', fields: { title } },
      { op: 'patch', type: 'task', id: 'a', fields: { done: true } },
      { op: 'patch', type: 'label', id: 'a', fields: { title } },
      { op: 'del', type: 'task', id: 'a' },
    ]),
  ).toEqual([mark(4), mark(4)]);
});

test('all in order is nothing lost, doubled or out of order', () => {
  const book = seeAll(mark(1), mark(2), mark(3, true));
  expect([book.countLost([7]), book.doubled, book.outOfOrder, book.isComplete([7])]).toEqual([0, 0, 0, true]);
});

test('what never came is lost: in the middle, at the end, and with the author’s last word', () => {
  expect(seeAll(mark(1), mark(4, true)).countLost([7])).toBe(2);
  expect(seeAll(mark(1), mark(2)).countLost([7])).toBe(1);
  expect(new MarkBook().countLost([7])).toBe(1);
  expect(seeAll(mark(1), mark(3)).countHoles()).toBe(1);
});

test('what comes twice is doubled, and what comes behind its successor is out of order and not lost', () => {
  expect(seeAll(mark(1), mark(1)).doubled).toBe(1);
  const late = seeAll(mark(1), mark(3, true), mark(2));
  expect([late.outOfOrder, late.countLost([7]), late.doubled]).toEqual([1, 0, 0]);
});

test('a snapshot stands for what led to it', () => {
  const book = seeAll(mark(1), mark(3));
  const value = { title: writeMark(mark(6)) };
  book.seed([{ type: 'task', id: 'a', value }]);
  book.see(mark(7, true));
  expect([book.countLost([7]), book.doubled, book.countHoles()]).toEqual([0, 0, 0]);
  book.see(mark(6));
  expect(book.doubled).toBe(1);
});
