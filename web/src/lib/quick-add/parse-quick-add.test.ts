import { describe, expect, it } from 'vitest';
import { findDates } from '@muster/domain/dates/find-dates';
import { parsePastedLines } from './parse-pasted-lines.ts';
import { parseQuickAdd, tokenKey } from './parse-quick-add.ts';
import type { QuickAddContext } from './types.ts';

const context: QuickAddContext = {
  now: Date.parse('2026-03-05T09:00:00Z'),
  zone: 'Europe/Berlin',
  weekStart: 1,
  isDayFirst: true,
  findDates,
  selfId: 'ada',
  members: [
    { id: 'ada', name: 'Ada Lovelace' },
    { id: 'grace', name: 'Grace Hopper' },
    { id: 'linus1', name: 'Linus T.' },
    { id: 'linus2', name: 'Linus P.' },
  ],
  labels: [
    { id: 'l1', name: 'travel' },
    { id: 'l2', name: 'travel costs' },
  ],
};
const parse = (text: string, changed: Partial<QuickAddContext> = {}) => parseQuickAdd(text, { ...context, ...changed });
const tints = (text: string, changed: Partial<QuickAddContext> = {}) =>
  parse(text, changed).tokens.map((token) => token.text);

describe('one line', () => {
  it('reads everything at once, and leaves the words', () => {
    expect(parse('Confirm the boat friday 5pm @grace #travel !high')).toMatchObject({
      title: 'Confirm the boat',
      due: { date: '2026-03-06', time: '17:00', zone: 'Europe/Berlin' },
      assigneeIds: ['grace'],
      labelIds: ['l1'],
      newLabels: [],
      priority: 'high',
    });
  });

  it('says where each token stands', () => {
    const text = 'Boat friday 5pm @grace';
    expect(parse(text).tokens.map(({ start, end }) => text.slice(start, end))).toEqual(['friday 5pm', '@grace']);
  });

  it.each([
    ['!urgent', 'urgent'],
    ['!1', 'urgent'],
    ['!2', 'high'],
    ['!medium', 'medium'],
    ['!3', 'medium'],
    ['!low', 'low'],
    ['!4', 'low'],
    ['!HIGH', 'high'],
  ])('%s is a priority', (mark, priority) => expect(parse(`Call ${mark}`)).toMatchObject({ title: 'Call', priority }));

  it.each([
    'Wow! high five',
    'go!high',
    'Call !5',
    'Call !highest',
    'C# course',
    'Mail ada@example.com',
    'Fix #12',
    'Tip @ home',
    'ask @linus',
  ])('leaves %s alone', (text) => expect(parse(text)).toMatchObject({ title: text, tokens: [] }));

  it('takes the longest label, spaces and all, and makes what is new', () => {
    expect(parse('Sum up #travel costs today')).toMatchObject({ title: 'Sum up', labelIds: ['l2'] });
    expect(parse('Sum up #Reisen #Büro')).toMatchObject({ labelIds: [], newLabels: ['Reisen', 'Büro'] });
    expect(parse('Sum up #travels')).toMatchObject({ labelIds: [], newLabels: ['travels'] });
  });

  it('knows members by their whole name, a first name that only one has, and me', () => {
    expect(parse('Call @Linus T. today').assigneeIds).toEqual(['linus1']);
    expect(parse('Call @Grace').assigneeIds).toEqual(['grace']);
    expect(parse('Call @me').assigneeIds).toEqual(['ada']);
    expect(parse('Call @linus').assigneeIds).toEqual([]);
    expect(parse('Call @grace @grace').assigneeIds).toEqual(['grace']);
  });

  it('takes the last date and the last priority', () => {
    expect(tints('prepare monday slides by friday')).toEqual(['by friday']);
    expect(tints('a !low b !high')).toEqual(['!high']);
  });

  it('does not let a date reach across a token', () => {
    expect(parse('Call friday #x 5pm')).toMatchObject({
      title: 'Call friday',
      due: { date: '2026-03-05', time: '17:00' },
    });
  });

  it('calls a task tomorrow where nothing else is said', () => {
    expect(parse('tomorrow')).toMatchObject({ title: 'tomorrow', due: null, tokens: [] });
    expect(parse('#travel')).toMatchObject({ title: '' });
  });

  it('leaves plain what was made plain', () => {
    const text = 'Call sunday #travel';
    const [date] = parse(text).tokens;
    expect(parse(text, { plain: new Set([tokenKey(date!)]) })).toMatchObject({
      title: 'Call sunday',
      due: null,
      labelIds: ['l1'],
    });
    expect(tints('prepare monday slides by friday', { plain: new Set(['date:by friday']) })).toEqual(['monday']);
  });

  it('reads no dates before their reader is there', () => {
    const { findDates: _, ...without } = context;
    expect(parseQuickAdd('Call tomorrow !1', without)).toMatchObject({
      title: 'Call tomorrow',
      due: null,
      priority: 'urgent',
    });
  });

  it('keeps emoji, right-to-left words and 500 characters as they are', () => {
    expect(parse('להתקשר לאמא 📞 #משפחה')).toMatchObject({ title: 'להתקשר לאמא 📞', newLabels: ['משפחה'] });
    expect(parse('x'.repeat(500)).title).toHaveLength(500);
  });
});

describe('several lines', () => {
  it('understands list marks, boxes and indents', () => {
    expect(parsePastedLines('- milk\n* eggs\n1. bread\n2) salt\n[ ] tea\n- [x] rum\n\n  \n')).toEqual([
      { text: 'milk', done: false, isChild: false },
      { text: 'eggs', done: false, isChild: false },
      { text: 'bread', done: false, isChild: false },
      { text: 'salt', done: false, isChild: false },
      { text: 'tea', done: false, isChild: false },
      { text: 'rum', done: true, isChild: false },
    ]);
    expect(
      parsePastedLines('Pack\n  - socks\n\t- [X] shoes\n    laces\nGo').map(
        ({ text, isChild }) => `${isChild ? '>' : ''}${text}`,
      ),
    ).toEqual(['Pack', '>socks', '>shoes', '>laces', 'Go']);
  });

  it('takes no child without a parent, and no indent that all lines share', () => {
    expect(parsePastedLines('    a\n    b\n      c').map((task) => task.isChild)).toEqual([false, false, true]);
    expect(parsePastedLines('  - a').map((task) => task.isChild)).toEqual([false]);
    expect(parsePastedLines(' \n')).toEqual([]);
  });

  it('leaves numbers and dashes that are no marks', () => {
    expect(parsePastedLines('2 eggs\n-5 degrees\n3.5 l milk').map((task) => task.text)).toEqual([
      '2 eggs',
      '-5 degrees',
      '3.5 l milk',
    ]);
  });
});
