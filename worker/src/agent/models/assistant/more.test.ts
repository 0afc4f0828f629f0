import { expect, test } from 'vitest';
import { SampleList } from './sample-list.ts';

/** Requests beyond the samples that once went wrong. */

const added = (say: string): [string, string | null][] => {
  const list = new SampleList();
  const before = new Set(list.tasks().map(({ id }) => id));
  list.ask(say);
  return list.tasks().flatMap(({ id, title, due }) => (before.has(id) ? [] : [[title, due?.date ?? null]]));
};

test.each<[string, [string, string | null][]]>([
  [
    'Add buy lanterns and borrow two folding tables on Friday.',
    [
      ['Buy lanterns', null],
      ['Borrow two folding tables', '2026-03-06'],
    ],
  ],
  ['could you please add a task to buy a new printer by friday?', [['Buy a new printer', '2026-03-06']]],
  ['remind me tomorrow to call Bob', [['Call Bob', '2026-03-05']]],
  [
    'add meeting with Bob on monday at 10am and lunch with Ann on tuesday',
    [
      ['Meeting with Bob', '2026-03-09'],
      ['Lunch with Ann', '2026-03-10'],
    ],
  ],
  [
    'add milk, eggs and call the bank tomorrow at 9',
    [
      ['Milk', null],
      ['Eggs', null],
      ['Call the bank', '2026-03-05'],
    ],
  ],
  ['add bananas to the list', [['Bananas', null]]],
  ['add iPhone case', [['iPhone case', null]]],
  ["add 'milk and honey'", [['milk and honey', null]]],
  ['tell me a joke', []],
  ['add', []],
])('%s', (say, expected) => {
  expect(added(say)).toEqual(expected);
});

test.each([
  ['What is still open on this list?', ['7 open tasks', 'Buy milk', 'Plan the offsite']],
  ['move everything due this week to next monday', ['Buy milk', 'Call the dentist', 'Mon 9 Mar']],
  ['assign both bugs to Grace and make them high priority', ['to Grace', 'high priority']],
  ['delete everything that is done', ['Water the plants']],
  ['which tasks are assigned to Grace?', ['no open tasks assigned to Grace']],
])('%s', (say, words) => {
  const said = new SampleList().ask(say);
  for (const word of words) expect(said).toContain(word);
});

const planned = (say: string) => {
  const list = new SampleList();
  const before = new Set(list.tasks().map(({ id }) => id));
  const said = list.ask(say);
  const made = list.tasks().filter(({ id }) => !before.has(id));
  return { said, top: made.filter(({ parentId }) => parentId === null).map(({ title }) => title), made: made.length };
};

test.each(['Plan “Harbour party” in a few steps', 'plan Harbour party in 7 simple steps', 'plan harbour party'])(
  '%s: how it is to be planned is no part of its name',
  (say) => {
    const { said, top, made } = planned(say);
    expect(top.map((title) => title.toLowerCase())).toEqual(['harbour party']);
    expect(made).toBe(8);
    expect(said.toLowerCase()).toContain('made a plan, “harbour party”, with 7 steps');
  },
);

test('the plan of a whole list stands in it, not below a task that is called as it', () => {
  const { said, top, made } = planned('Plan “Work” in a few steps');
  expect(made).toBeGreaterThan(4);
  expect(top).toHaveLength(made);
  expect(said).toContain(`Planned “Work” in ${made} steps`);
});

test('what it means by “it” is what was spoken of last', () => {
  const list = new SampleList();
  list.ask('add book the room');
  list.ask('make it urgent');
  expect(list.tasks().find(({ title }) => title === 'Book the room')?.priority).toBe('urgent');
  list.ask('postpone the launch post by a week');
  list.ask('assign it to Grace');
  expect(list.tasks().find(({ title }) => title === 'Write the launch post')?.assignees).toEqual(['Grace']);
});

test('asked for the same plan twice, it does not ask for nothing', () => {
  const list = new SampleList();
  list.ask("break 'Plan the offsite' into steps");
  const count = list.tasks().length;
  expect(list.ask("break 'Plan the offsite' into steps")).toContain('already');
  expect(list.tasks().length).toBe(count);
});

test.each([
  ['Plan a long weekend in Lisbon for two', 'Long weekend in Lisbon for two', 'Book a place to stay'],
  ['plan the week', 'Week', 'Give each of them a day'],
  ['make a plan for our camping trip', 'Camping trip', 'Check the gear'],
  ['help me plan spring cleaning', 'Spring cleaning', 'Begin with one corner'],
  ['make a plan for a podcast', 'Podcast', 'Record'],
  ["break 'Book flights to Lisbon' into steps", 'Book flights to Lisbon', 'Compare prices and times'],
])('%s: plans what it is about', (say, parent, step) => {
  const list = new SampleList();
  list.ask(say);
  const titled = (title: string) => list.tasks().find((task) => task.title === title);
  expect(titled(step)?.parentId).toBe(titled(parent)?.id);
  expect(titled(step)).toBeDefined();
});
