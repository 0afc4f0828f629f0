import type { Due } from '@muster/protocol/due';
import type { Priority } from '@muster/protocol/task';
import { addDays, wallClock } from '@muster/domain/dates/calendar';
import { findDates } from '@muster/domain/dates/find-dates';
import { trimmed, unquote } from './phrases.ts';
import type { NewItem, ReadingContext } from './request.ts';

/** What stands in a phrase beside its words: when, how urgent, for whom, under which label. */

const REPEATS =
  /\b(?:every|each)\s+(?:\w+\s+)?(?:day|week|month|year|morning|evening|night|hour|weekday|weekend|monday|tuesday|wednesday|thursday|friday|saturday|sunday|other)s?\b|\b(?:daily|weekly|monthly|yearly)\b/iu;

const PRIORITY_WORDS: Record<string, Priority> = {
  urgent: 'urgent',
  critical: 'urgent',
  asap: 'urgent',
  highest: 'urgent',
  top: 'urgent',
  important: 'high',
  high: 'high',
  medium: 'medium',
  normal: 'medium',
  low: 'low',
  lowest: 'low',
  minor: 'low',
  no: 'none',
  none: 'none',
  '1': 'urgent',
  '2': 'high',
  '3': 'medium',
  '4': 'low',
};

/** A word for a priority, such as "urgent", "high" or "p1". */
export const priorityOf = (word: string): Priority | undefined =>
  PRIORITY_WORDS[word.toLowerCase().replace(/^p(?=\d$)/u, '')];

/** Takes what `pattern` finds out of the text and hands the match over. */
function take(text: string, pattern: RegExp, use: (match: RegExpExecArray) => boolean | void): string {
  const match = pattern.exec(text);
  if (!match || use(match) === false) return text;
  return `${text.slice(0, match.index)} ${text.slice(match.index + match[0].length)}`.replace(/[^\S\n]+/gu, ' ').trim();
}

/** The date that a phrase ends or begins with, or that is all of it; the text without it. */
export function takeDate(text: string, context: ReadingContext): { text: string; due: Due | null } {
  const today = wallClock(context.now, context.zone).date;
  const monthEnd = /(?:\bby |\bbefore |\bat )?(?:the )?end of (?:the |this )?month\b/iu.exec(text);
  if (monthEnd) {
    const [year = 0, month = 1] = today.split('-').map(Number);
    const date = new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
    return { text: cut(text, monthEnd.index, monthEnd.index + monthEnd[0].length), due: { date } };
  }
  const weekEnd = /(?:\bby |\bbefore |\bat )?(?:the )?end of (?:the |this )?week\b/iu.exec(text);
  if (weekEnd) {
    const date = addDays(today, (5 - new Date(`${today}T00:00:00Z`).getUTCDay() + 7) % 7);
    return { text: cut(text, weekEnd.index, weekEnd.index + weekEnd[0].length), due: { date } };
  }
  const found = findDates(text, context);
  const last =
    found.findLast(({ start, end }) => text.slice(end).trim() === '' || text.slice(0, start).trim() === '') ??
    found.at(-1);
  if (!last) return { text, due: null };
  return { text: cut(text, last.start, last.end), due: last.due };
}

const cut = (text: string, start: number, end: number): string =>
  `${text.slice(0, start)} ${text.slice(end)}`
    .replace(/[^\S\n]+/gu, ' ')
    .replace(/\s+(?:on|by|due|for|at|in|until)\s*$/iu, '')
    .trim();

/** A name as the list knows it; "me" stays. Undefined for nobody. */
export function memberNamed(word: string, context: ReadingContext): string | undefined {
  const wanted = word.replace(/^@/u, '').trim().toLowerCase();
  if (wanted === 'me' || wanted === 'myself') return 'me';
  return (
    context.members.find((name) => name.toLowerCase() === wanted) ??
    context.members.find((name) => name.toLowerCase().split(/\s+/u).includes(wanted))
  );
}

/** Reads one new task out of its words. Something quoted is a title as it stands. */
export function readItem(text: string, context: ReadingContext): NewItem {
  const item: NewItem = { title: '', due: null, priority: 'none', labels: [], assignees: [], isRepeating: false };
  const quoted = /"[^"]+"|“[^”]+”|(?<!\p{L})'(?:[^']|(?<=\p{L})'(?=\p{L}))+'(?!\p{L})/u.exec(text);
  let rest = quoted ? `${text.slice(0, quoted.index)} ${text.slice(quoted.index + quoted[0].length)}` : text;

  for (let found = true; found;) {
    found = false;
    rest = take(rest, /(?:^|\s)#([\p{L}\p{N}_-]+)/u, ([, name = '']) => void (item.labels.push(name), (found = true)));
  }
  rest = take(
    rest,
    /(?:^|\s)!(urgent|high|medium|low|[1-4])\b/iu,
    ([, word = '']) => void (item.priority = priorityOf(word) ?? 'none'),
  );
  rest = take(
    rest,
    /[,\s]*(?:\(|\bwith |\bas |\bat |\bmake it )?\s*\b(urgent|high|medium|low|top|highest|lowest)[- ]priority\b\)?/iu,
    ([, word = '']) => void (item.priority = priorityOf(word) ?? 'none'),
  );
  rest = take(
    rest,
    /[,\s]*\b(?:and )?(?:make it|mark it(?: as)?|it'?s|priority:?) (urgent|high|medium|low|important)\b/iu,
    ([, word = '']) => void (item.priority = priorityOf(word) ?? 'none'),
  );
  rest = take(
    rest,
    /[,\s]+(?:and )?(?:(?:tag|label)(?:ged|led)?(?: it)?(?: with| as)?|with (?:the )?(?:label|tag)) ["“']?#?([\p{L}\p{N}_-]+)["”']?\s*$/iu,
    ([, name = '']) => void item.labels.push(name),
  );
  const assignment =
    /[,\s]+(?:and )?(?:assign(?:ed)?(?: it| them| that)?(?: to)|give it to|for) @?([\p{L}][\p{L}'’-]*(?: [\p{Lu}][\p{L}'’-]*)?)(?=\s*$|[,.]|\s+(?:by|on|due|tomorrow|today|next)\b)/u;
  rest = take(rest, assignment, ([whole, name = '']) => {
    const member = memberNamed(name, context);
    // "for lunch" is part of the task; only "assign … to" insists on a person.
    if (!member && !/assign/u.test(whole)) return false;
    item.assignees.push(member ?? name);
    return true;
  });
  rest = take(rest, /(?:^|\s)@([\p{L}][\p{L}\p{N}'’-]*)/u, ([, name = '']) => {
    const member = memberNamed(name, context);
    if (member) item.assignees.push(member);
    return member !== undefined;
  });
  item.isRepeating = REPEATS.test(rest);
  if (!item.isRepeating) {
    const dated = takeDate(rest, context);
    item.due = dated.due;
    rest = dated.text;
  }
  const words = trimmed(rest.replace(/\s*\?+\s*$/u, '')).replace(
    /^(?:to|that i(?: need to| have to| should)?)\s+/iu,
    '',
  );
  item.title = quoted ? (unquote(quoted[0]) ?? words) : asTitle(words);
  return item;
}

/** A title begins with a capital, unless its first word is spelt in a way of its own ("iPhone case", "npm update"). */
export const asTitle = (words: string): string =>
  /^\p{Ll}+(?=\s|$)/u.test(words) && !/^(?:npm|git|ssh|sql|css|html|pdf|url)\b/u.test(words)
    ? words.charAt(0).toUpperCase() + words.slice(1)
    : words;
