import type { Outline } from './outline.ts';

/** Outlines of what people plan at home and on the way. Of two that fit alike the first counts: a camping trip is camping. */
export const OUTLINES_OF_HOME: Outline[] = [
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
    words: 'camping hike hiking backpacking bike cycling',
    steps: [
      'Pick the route and the dates',
      'Look at the weather and the rules',
      'Book the place to sleep',
      'Check the gear',
      'Plan food and water',
      'Tell someone where you go',
      'Pack',
    ],
  },
  {
    words: 'week month day routine',
    steps: [
      'Write down what must happen',
      'Pick the three things that matter most',
      'Give each of them a day',
      'Leave room for what comes up',
      'Look back at the end',
    ],
  },
  {
    words: 'marathon race training fitness gym workout',
    steps: [
      'Write down the goal and the date',
      'See where you stand now',
      'Make a timetable week by week',
      'Get shoes and gear',
      'Train, and write down how it went',
      'Rest before the day',
    ],
  },
  {
    words: 'clean cleaning declutter tidy attic garage wardrobe',
    steps: [
      'Begin with one corner',
      'Sort into keep, give away and throw away',
      'Take away what goes',
      'Clean from top to bottom',
      'Put everything back where it belongs',
    ],
  },
  {
    words: 'meal menu cook cooking grocery',
    steps: [
      'Ask who eats along, and what they do not eat',
      'Choose the dishes',
      'Write the shopping list',
      'Shop',
      'Prepare what can wait',
      'Cook',
    ],
  },
  {
    words: 'christmas gift present easter',
    steps: [
      'Write down who gets something',
      'Set the budget',
      'Collect ideas',
      'Order in time',
      'Wrap everything',
      'Hand it over or send it',
    ],
  },
  {
    words: 'baby child school kindergarten',
    steps: [
      'Write down what is needed, and by when',
      'Fill in the forms',
      'Get what is missing',
      'Agree who brings and who fetches',
      'Do a trial run',
    ],
  },
  {
    words: 'trip travel holiday vacation journey visit tour weekend getaway excursion sightseeing',
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
    words: 'flight train ferry ticket hotel reservation booking',
    steps: [
      'Ask everyone who comes along for their dates',
      'Compare prices and times',
      'Check names, passports and what is included',
      'Book',
      'Put the booking where everyone finds it',
      'Check in',
    ],
  },
];
