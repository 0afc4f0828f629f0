import { priorityOf, readItem, takeDate } from './details.ts';
import { splitItems } from './items.ts';
import { numberOf } from './numbers.ts';
import { startsWithVerb, trimmed, unquote } from './phrases.ts';
import type { NewItem, ReadingContext, Request } from './request.ts';
import { taskPhrase } from './targets.ts';

/** Requests for new tasks. */

const COUNT =
  '(?:(\\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|some|these|those|the following|this)\\s+)?';
const QUALITY = '(?:(?:new|more|another|quick|little)\\s+)*';
const PRIORITY = '(urgent|high[- ]priority|low[- ]priority|medium[- ]priority|important)?\\s*';
const NOUN = '(?:tasks?|to-?dos?|items?|reminders?|things?|sub-?tasks?|entr(?:y|ies))';
const CALLED = '(?:\\s+(?:called|named|titled|saying|for me))?';

const ADD = '(?:add|create|make|put(?: in)?|insert|append|note(?: down)?|jot down|write down|set up|include|new)';
const WITH_NOUN = new RegExp(
  `^(?:${ADD}\\s+)${COUNT}${QUALITY}${PRIORITY}${QUALITY}${NOUN}${CALLED}\\s*(:|\\bto\\b|\\bfor\\b(?= \\S+ing\\b))?\\s*([\\s\\S]+)$`,
  'iu',
);
const BARE =
  /^(?:add|append|note down|jot down|write down|include)\s+(?:(these|those|the following|this|\d+|two|three|four|five|six)\s*(?::\s*|\s+))?([\s\S]+)$/iu;
const HEADED = /^(?:(?:new )?(?:task|to-?do|item|reminder|note to self)s?|add)\s*[:–-]\s*([\s\S]+)$/iu;
const REMIND =
  /^(?:remind (?:me|us)|don'?t let me forget|make sure (?:that )?(?:i|we))\s+(?:(?:that|about)\s+)?([\s\S]+)$/iu;
const NEED =
  /^(?:i|we)(?: (?:still|also|really|just))?(?:'ve got to| have to| need to| must| should| ought to| gotta| got to|'ll need to|'d better| want to remember to| mustn'?t forget to| shouldn'?t forget to)\s+([\s\S]+)$/iu;
const NEED_THING = /^(?:i|we)(?: (?:still|also))? need\s+(?!help|you\b)([\s\S]+)$/iu;
const FORGET = /^(?:do not|don'?t|never) (?:let (?:me|us) )?forget (?:to |about )?([\s\S]+)$/iu;
const PUT =
  /^(?:put|get|stick|throw|place)\s+([\s\S]+?)\s+(?:on|onto|in|into|to)\s+(?:the|my|our|this)\s+(?:to-?do\s+)?list\s*[.!]?$/iu;
const TO_LIST = /\s+(?:to|on|onto|in) (?:the|my|our|this) (?:to-?do |task |shopping )?list\b/iu;
const UNDER =
  /^(?:under|below|beneath|as (?:a )?sub-?tasks? (?:of|to|under)|in)\s+(["“'][^"”']+["”']|.+?)(?:,|:)?\s+(?:please\s+)?(?:add|create|make|put)\s+([\s\S]+)$/iu;
const UNDER_LAST =
  /^([\s\S]+?)\s+(?:as (?:an? )?(?:sub-?tasks?|steps?|children) (?:of|to|under|for|in)|under(?:neath)?|below|beneath)\s+(?:the )?(["“'][^"”']+["”']|[^,;\n]+?)$/iu;
const SUBTASK_OF =
  /^(?:add|create|make)\s+(?:an?\s+|some\s+|\w+\s+)?(?:sub-?tasks?|steps?)\s+(?:to|for|under|in|of)\s+(["“'][^"”']+["”']|[^:]+?)\s*:\s*([\s\S]+)$/iu;

export function readAdd(text: string, context: ReadingContext): Request | undefined {
  const subtasks = SUBTASK_OF.exec(text);
  if (subtasks) return add(subtasks[2] ?? '', context, { under: subtasks[1] ?? '' });
  const under = UNDER.exec(text);
  if (under && !/^(?:\d+|a|an|one|two|three) (?:days?|weeks?|months?|hours?)\b/iu.test(under[1] ?? '')) {
    return add(stripNoun(under[2] ?? ''), context, { under: under[1] ?? '' });
  }
  const withNoun = WITH_NOUN.exec(text);
  if (withNoun) {
    const [, count, urgency, mark, body = ''] = withNoun;
    const expected = numberOf(count);
    const isRaw =
      mark === ':' &&
      (expected === undefined || expected === 1) &&
      !/^(?:these|those|the following|some)$/iu.test(count ?? '') &&
      !/s$/iu.test(nounOf(text));
    return add(body, context, { ...(expected ? { expected } : {}), ...(urgency ? { urgency } : {}), isRaw });
  }
  const headed = HEADED.exec(text);
  if (headed)
    return add(headed[1] ?? '', context, {
      isRaw: /^(?:new )?(?:task|to-?do|item|reminder|note to self)\b/iu.test(text) && !/\n/u.test(text),
    });
  const put = PUT.exec(text);
  if (put) return add(put[1] ?? '', context);
  const bare = BARE.exec(text);
  if (
    bare &&
    !/^(?:an? )?(?:note|comment|label|tag|due date|deadline|reminder)\b.* (?:to|on|for) /iu.test(bare[2] ?? '')
  ) {
    return add(stripNoun(bare[2] ?? ''), context, {
      expected: numberOf(bare[1]),
    });
  }
  for (const pattern of [REMIND, FORGET, NEED]) {
    const match = pattern.exec(text);
    if (match) return add((match[1] ?? '').replace(/^to\s+/iu, ''), context);
  }
  const thing = NEED_THING.exec(text);
  if (thing) return add(thing[1] ?? '', context);
  return readDated(text, context);
}

/** "In two weeks renew the passport": when, and then what to do. */
function readDated(text: string, context: ReadingContext): Request | undefined {
  const { text: rest, due } = takeDate(text, context);
  if (!due || !text.endsWith(rest) || rest === text) return undefined;
  const act = trimmed(rest)
    .replace(/^(?:remind me|i (?:need|have|must)|we (?:need|have|must))(?: to)?\s+/iu, '')
    .replace(/^to\s+/iu, '');
  if (!startsWithVerb(act) || /\?\s*$/u.test(text)) return undefined;
  return { kind: 'add', items: [{ ...readItem(act, context), due }], under: null };
}

const nounOf = (text: string): string =>
  /\b(tasks?|to-?dos?|items?|reminders?|things?|sub-?tasks?|entr(?:y|ies))\b/iu.exec(text)?.[0] ?? '';
const stripNoun = (text: string): string =>
  text.replace(
    /^(?:(?:an?|the|these|some|new)\s+)*(?:tasks?|sub-?tasks?|items?|to-?dos?)\s*(?:called|named|to|:)\s*/iu,
    '',
  );

interface How {
  under?: string;
  expected?: number | undefined;
  urgency?: string;
  /** What follows "task:" is one title as it stands, commands in it included. */
  isRaw?: boolean;
}

function add(body: string, context: ReadingContext, how: How = {}): Request | undefined {
  let under = how.under === undefined ? null : taskPhrase(unquote(how.under) ?? how.under);
  let text = body.replace(TO_LIST, '').trim();
  if (under === null && !how.isRaw) {
    const last = UNDER_LAST.exec(text);
    if (last?.[1] && last[2] && unquote(text) === undefined) {
      under = taskPhrase(unquote(last[2]) ?? last[2]);
      text = last[1];
    }
  }
  const parts = how.isRaw
    ? [text]
    : splitItems(text.replace(/^:\s*/u, ''), how.expected, (part) => takeDate(part, context).due !== null);
  const items = shareDetails(
    parts,
    parts.map((part) => readItem(part, context)),
  );
  const priority = how.urgency === undefined ? undefined : priorityOf(how.urgency.split(/[- ]/u)[0] ?? '');
  const named = items
    .filter((item) => item.title !== '')
    .map((item) => (priority && item.priority === 'none' ? { ...item, priority } : item));
  return named.length === 0 ? undefined : ({ kind: 'add', items: named, under } as const);
}

/** "Add milk, eggs and bread for tomorrow": said once behind things, it goes for all; behind an act, for that act. */
function shareDetails(parts: string[], items: NewItem[]): NewItem[] {
  const last = items.at(-1);
  if (items.length < 2 || !last || parts.some((part) => startsWithVerb(part) || /\n/u.test(part))) return items;
  const { due, assignees, priority } = last;
  return items.map((item) => ({
    ...item,
    due: item.due ?? due,
    assignees: item.assignees.length > 0 ? item.assignees : assignees,
    priority: item.priority === 'none' ? priority : item.priority,
  }));
}
