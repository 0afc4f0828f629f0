import { contentWords } from '../reading/phrases.ts';

/** Outlines of things that people plan, found by their words. */
const OUTLINES: { words: string; steps: string[] }[] = [
  {
    words: 'offsite retreat workshop summit conference event meetup gathering',
    steps: [
      'Agree on the goal and the date',
      'Set the budget',
      'Find and book a venue',
      'Invite everyone and collect answers',
      'Draft the agenda',
      'Arrange travel and food',
      'Send the final details',
    ],
  },
  {
    words: 'launch release rollout',
    steps: [
      'Define what success looks like',
      'Freeze the scope and fix what blocks',
      'Write the announcement',
      'Prepare the website and the documentation',
      'Brief support and sales',
      'Rehearse the launch day',
      'Launch, and watch the numbers',
      'Collect feedback and follow up',
    ],
  },
  {
    words: 'trip travel holiday vacation journey flight visit tour',
    steps: [
      'Pick the dates',
      'Set the budget',
      'Book the transport',
      'Book a place to stay',
      'Check passports, visas and insurance',
      'Plan what to see',
      'Pack',
    ],
  },
  {
    words: 'party birthday celebration dinner anniversary shower barbecue bbq',
    steps: [
      'Pick a date and a place',
      'Write the guest list',
      'Send the invitations',
      'Plan food and drinks',
      'Arrange music and decoration',
      'Shop for everything',
      'Set up on the day',
    ],
  },
  {
    words: 'wedding',
    steps: [
      'Set the budget',
      'Choose the date and the venue',
      'Write the guest list',
      'Send the invitations',
      'Book photographer, music and flowers',
      'Choose the menu',
      'Arrange the papers',
      'Plan the day hour by hour',
    ],
  },
  {
    words: 'move moving relocation apartment flat house',
    steps: [
      'Give notice and sign the new contract',
      'Book a van or movers',
      'Sort out what not to take',
      'Order boxes and pack room by room',
      'Change the address everywhere',
      'Move electricity and internet',
      'Hand over the keys',
    ],
  },
  {
    words: 'website site app application product feature software project tool prototype mvp',
    steps: [
      'Write down who it is for and what it must do',
      'Sketch the main screens',
      'Break the work into pieces',
      'Build the first version',
      'Test it with real people',
      'Fix what they stumble over',
      'Ship it',
    ],
  },
  {
    words: 'hire hiring recruit recruiting interview candidate role',
    steps: [
      'Write the job description',
      'Agree on the pay range',
      'Post the opening',
      'Screen the applications',
      'Interview the candidates',
      'Check references',
      'Make an offer',
    ],
  },
  {
    words:
      'report paper thesis essay article post blog book presentation talk speech slide deck newsletter document proposal',
    steps: [
      'Decide who it is for and its one message',
      'Collect the material',
      'Write an outline',
      'Write the first draft',
      'Ask someone to read it',
      'Revise and polish',
      'Hand it in',
    ],
  },
  {
    words: 'bug error crash issue defect incident outage',
    steps: [
      'Reproduce it',
      'Find the cause',
      'Write a failing test',
      'Fix it',
      'Review and release the fix',
      'Tell those who were hit',
    ],
  },
  {
    words: 'exam test course study learn language certification',
    steps: [
      'Find out what is asked',
      'Collect the material',
      'Make a timetable',
      'Work through the topics',
      'Practise with old papers',
      'Repeat the weak spots',
    ],
  },
  {
    words: 'renovate renovation kitchen bathroom garden room paint',
    steps: [
      'Measure and take photos',
      'Set the budget',
      'Collect ideas and decide',
      'Get quotes',
      'Order the material',
      'Clear the space',
      'Do the work',
      'Clean up',
    ],
  },
  {
    words: 'campaign marketing advert promotion',
    steps: [
      'Name the goal and the audience',
      'Set the budget',
      'Choose the channels',
      'Write the messages',
      'Produce the material',
      'Start the campaign',
      'Measure and adjust',
    ],
  },
  {
    words: 'tax taxes return finance budget accounting invoice',
    steps: [
      'Collect the papers',
      'Sort income and expenses',
      'Fill in the forms',
      'Check the figures',
      'Hand it in',
      'File the papers',
    ],
  },
  {
    words: 'meeting standup review retrospective workshop kickoff',
    steps: [
      'Decide what should come of it',
      'Invite the right people',
      'Write the agenda',
      'Prepare the material',
      'Hold it, and take notes',
      'Send the decisions',
    ],
  },
  {
    words: 'migration migrate upgrade database server infrastructure',
    steps: [
      'Write down what is there',
      'Choose the target and the way',
      'Rehearse on a copy',
      'Plan the way back',
      'Tell everyone the date',
      'Migrate',
      'Check, and clean up',
    ],
  },
];

const ANYTHING = [
  'Write down what done looks like',
  'Find out what is missing',
  'Decide who does what, and by when',
  'Do the first piece',
  'Check the result',
  'Finish and tell everyone',
];

/** Sensible steps for something that is planned: an outline of its kind, or one that fits anything. Never fewer than five. */
export function stepsFor(phrase: string): string[] {
  const words = new Set(contentWords(phrase));
  const score = (outline: { words: string }) => contentWords(outline.words).filter((word) => words.has(word)).length;
  const best = OUTLINES.reduce((one, other) => (score(other) > score(one) ? other : one));
  return [...(score(best) > 0 ? best.steps : ANYTHING)];
}
