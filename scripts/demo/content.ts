import type { Account } from './api.ts';

/** What the demo shows: two people, three lists, one conversation. */
export const PEOPLE = {
  ada: { name: 'Ada Brandt', email: 'ada@demo.example', password: 'demo-ada-2026' },
  ben: { name: 'Ben Okafor', email: 'ben@demo.example', password: 'demo-ben-2026' },
} satisfies Record<string, Account>;

type Who = keyof typeof PEOPLE;

export interface DemoTask {
  title: string;
  notes?: string;
  /** Days from today. */
  inDays?: number;
  time?: string;
  priority?: 'low' | 'medium' | 'high' | 'urgent';
  assignees?: Who[];
  isDone?: boolean;
  steps?: { title: string; isDone?: boolean }[];
}

export interface DemoList {
  title: string;
  owner: Who;
  sharedWith?: { who: Who; role: 'editor' | 'viewer' };
  tasks: DemoTask[];
}

export const LISTS: DemoList[] = [
  {
    title: 'Summer party',
    owner: 'ada',
    sharedWith: { who: 'ben', role: 'editor' },
    tasks: [
      {
        title: 'Rent the pavilion by the lake',
        notes: 'Two quotes are in. The **smaller one** has a covered terrace.',
        inDays: 2,
        time: '15:00',
        priority: 'high',
        assignees: ['ada'],
      },
      {
        title: 'Write the invitation',
        inDays: 4,
        assignees: ['ben'],
        steps: [
          { title: 'Collect addresses', isDone: true },
          { title: 'Ask about allergies' },
          { title: 'Send it to everyone' },
        ],
      },
      { title: 'Find somebody with a sound system', inDays: 6, priority: 'medium', assignees: ['ben'] },
      { title: 'Order salads and bread', inDays: 9, assignees: ['ada', 'ben'] },
      { title: 'Check the insurance', inDays: -1, priority: 'urgent', assignees: ['ada'] },
      { title: 'Agree on a date', isDone: true },
    ],
  },
  {
    title: 'Website relaunch',
    owner: 'ben',
    sharedWith: { who: 'ada', role: 'editor' },
    tasks: [
      { title: 'Move the blog to the new layout', inDays: 1, priority: 'high', assignees: ['ben'] },
      { title: 'Choose pictures for the front page', inDays: 3, assignees: ['ada'] },
      { title: 'Measure loading time on a slow phone', priority: 'low' },
      { title: 'Redirect the old addresses', inDays: 12 },
    ],
  },
  {
    title: 'At home',
    owner: 'ada',
    tasks: [
      { title: 'Water the tomatoes', inDays: 0, time: '19:00' },
      { title: 'Bring the bicycle to the repair shop', inDays: 5 },
      { title: 'Call the dentist', priority: 'medium' },
    ],
  },
];

export const THREAD_TITLE = 'What is still missing?';

/** Asked one after the other, in the first list; the agent answers each. */
export const QUESTIONS: { who: Who; text: string }[] = [
  { who: 'ada', text: 'What is still open on this list?' },
  { who: 'ben', text: 'Add buy lanterns and borrow two folding tables on Friday.' },
];
