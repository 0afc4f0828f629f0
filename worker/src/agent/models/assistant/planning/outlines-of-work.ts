import type { Outline } from './outline.ts';

/** Outlines of what people plan at work. */
export const OUTLINES_OF_WORK: Outline[] = [
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
  {
    words: 'onboarding onboard newcomer',
    steps: [
      'Prepare the desk and the accounts',
      'Write down the first week',
      'Name someone to ask',
      'Introduce them to everyone',
      'Give them a first task',
      'Ask how it goes after two weeks',
    ],
  },
  {
    words: 'survey research interview experiment',
    steps: [
      'Write down the question',
      'Choose whom to ask',
      'Write the questions',
      'Try them on one person',
      'Collect the answers',
      'Draw conclusions',
      'Tell what came of it',
    ],
  },
  {
    words: 'video podcast film recording episode',
    steps: [
      'Decide who it is for and what it says',
      'Write the script',
      'Find place, people and gear',
      'Record',
      'Cut and mix',
      'Publish',
      'Look at how it is received',
    ],
  },
  {
    words: 'fundraiser fundraising donation charity',
    steps: [
      'Name the goal and the sum',
      'List whom to ask',
      'Write the appeal',
      'Set up a way to give',
      'Ask',
      'Thank everyone and tell what it did',
    ],
  },
];
