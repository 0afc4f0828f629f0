/** What the assistant says of itself. It is honest about what it is: rules, not a language model. */

export const help = (): string =>
  [
    'I work on this list with you. I can:',
    '',
    '- **add** tasks, one or many, with dates, priority, labels, people and sub-tasks: “add milk, eggs and call the bank tomorrow at 9”',
    '- **complete**, reopen, rename, move, label, assign, postpone and delete them: “postpone the launch post by a week”',
    '- **find and sum up**: “what’s overdue?”, “what should I do first?”',
    '- **plan**: “break the offsite into steps”',
    '',
    'Everyone in the list sees what I do, and every change can be undone.',
  ].join('\n');

export const thanks = (): string => 'You’re welcome!';
export const greeting = (): string =>
  'Hello! Tell me what to add, change or find in this list, or ask “what can you do?”';

const OFFER = 'I can add, complete, change, find and plan tasks in this list.';

export function unable(reason: 'world' | 'repeat' | 'share' | 'unknown'): string {
  if (reason === 'world')
    return `I can’t do that: I only work on this list and know nothing of the world outside it. ${OFFER} Shall I put it on the list as a task instead?`;
  if (reason === 'repeat') return `I can’t make tasks repeat yet. ${OFFER}`;
  if (reason === 'share')
    return `I can’t share lists or change who is in them: that is for its owner, under Share at the top of the list. ${OFFER}`;
  return `Sorry, I can’t make out what to do with that. ${OFFER} Could you say it another way, such as “add …”, “complete …” or “what’s overdue?”`;
}
