import { trimmed, unquote } from './phrases.ts';
import type { ReadingContext, Request } from './request.ts';
import { readFilter, taskPhrase } from './targets.ts';

/** Questions about the list. They change nothing. */

const SHOW = /^(?:show|list|display|give|print|tell|read(?: out)?|see|view|get)(?: me| us)?\s+(.+)$/iu;
const FIND =
  /^(?:find|search(?: for)?|look (?:for|up)|where(?:'s| is| are)|is there|are there|do (?:i|we) have|have (?:i|we) got)\s+(.+)$/iu;
const ABOUT =
  /^(?:(?:anything|something|everything|any|all|the|tasks?|items?|what(?:ever)?|stuff)\s+)*(?:about|on|with|for|containing|mentioning|related to|regarding|to do with|matching|called|named)?\s*(.+)$/iu;
const NOUNS =
  /\b(?:tasks?|items?|to-?dos?|things?|stuff|ones?|list|what|which|all|any|my|our|the|of|do|does|did|i|we|have|has|got|to|me|us|everything|anything|there|still|on|for|in|a|an|that|s|are|is|be|left|need|needs|should|must|am|with|it|going|coming|up|plate|agenda|today's|everybody|everyone|this|here|right|now|currently|yet|else)\b/giu;

export function readQuestion(text: string, context: ReadingContext): Request | undefined {
  const clean = text
    .replace(/[?.!\s]+$/u, '')
    .replace(/[’]/gu, "'")
    .trim();
  return (
    readAdvice(clean) ??
    readAboutOne(clean) ??
    readCount(clean, context) ??
    readShow(clean, context, text.trim().endsWith('?'))
  );
}

function readAdvice(text: string): Request | undefined {
  if (
    /\b(?:what|which)(?: task| one| thing)?s? (?:should|shall|do|would|can|must)\b.*\b(?:first|next|now|start|focus|tackle|prioriti[sz]e|work on)\b/iu.test(
      text,
    )
  )
    return { kind: 'first' };
  if (
    /\b(?:what(?:'s| is)|which (?:one|task) is) (?:the )?(?:most (?:important|urgent)|next|first|top priority)\b/iu.test(
      text,
    ) ||
    /\bwhere (?:should|do) (?:i|we) (?:start|begin)\b/iu.test(text)
  )
    return { kind: 'first' };
  if (/^(?:suggest|recommend)\b|\bmost (?:urgent|important)\b.*\b(?:task|thing)\b/iu.test(text))
    return { kind: 'first' };
  if (
    /\b(?:summar(?:y|i[sz]e)|overview|status|recap|state of (?:the|this|my) list|how (?:are|is) (?:we|it|things|the list|this list|i) (?:doing|going|looking)|catch me up|brief me)\b/iu.test(
      text,
    )
  )
    return { kind: 'summary' };
  return undefined;
}

const ABOUT_ONE: [RegExp, 'when' | 'isDone' | 'who' | 'details'][] = [
  [
    /^(?:when|by when|what (?:day|date|time))\s+(?:is|are|was|does|do|must|should|did|will)?\s*(?:i |we )?(.+?)\s*(?:due|need(?:s|ed)? to be done|be done|happening|scheduled|planned)?$/iu,
    'when',
  ],
  [/^what(?:'s| is) the (?:due date|deadline|date)\s+(?:of|for|on)\s+(.+)$/iu, 'when'],
  [
    /^(?:did|have|has|had)\s+(?:i|we|you|anyone|someone|somebody|\p{Lu}\p{L}+)\s+(?:already |ever )?(.+?)(?:\s+(?:yet|already))?$/iu,
    'isDone',
  ],
  [
    /^(?:is|are|was|were)\s+(.+?)\s+(?:already |all )?(?:done|finished|completed?|ready|checked off)(?:\s+(?:yet|already))?$/iu,
    'isDone',
  ],
  [
    /^who(?:'s| is| are| has| was)?\s+(?:doing|assigned to|responsible for|working on|taking care of|handling|on|has|does)\s+(.+)$/iu,
    'who',
  ],
  [/^(?:who) (?:is|are) (.+?) (?:assigned|given) to$/iu, 'who'],
  [/^(?:what|how) about (.+)$/iu, 'details'],
  [
    /^(?:what do(?:es)? the notes? (?:of|for|on) (.+?) say|what(?:'s| is) in the notes? (?:of|for|on) (.+)|tell me (?:more )?about (.+)|details (?:of|for|on|about) (.+))$/iu,
    'details',
  ],
];

function readAboutOne(text: string): Request | undefined {
  for (const [pattern, question] of ABOUT_ONE) {
    const match = pattern.exec(text);
    const phrase = match?.slice(1).find((group) => group !== undefined);
    if (phrase && !/^(?:i|we|it|they|there|anything|something)$/iu.test(phrase))
      return { kind: 'about', question, phrase: taskPhrase(unquote(phrase) ?? phrase) };
  }
  return undefined;
}

function readCount(text: string, context: ReadingContext): Request | undefined {
  const match = /^(?:so )?(?:how many|what(?:'s| is) the number of|count)\s+(.+)$/iu.exec(text);
  if (!match?.[1]) return undefined;
  const { filter, rest } = readFilter(match[1], context);
  const words = wordsOf(rest);
  const isAll = !/\b(?:open|left|remaining|unfinished|done|completed?|finished|overdue|have i|do i|to do)\b/iu.test(
    match[1],
  );
  return {
    kind: 'count',
    filter: { ...filter, ...(words ? { words } : {}), ...(isAll && !words ? { status: filter.status } : {}) },
    title: match[1],
  };
}

/** What is left of a question once its filters and its small words are gone. */
function wordsOf(rest: string): string | undefined {
  const words = trimmed(rest.replace(NOUNS, ' ').replace(/\s+/gu, ' '));
  return words === '' ? undefined : words;
}

function readShow(text: string, context: ReadingContext, isQuestion: boolean): Request | undefined {
  const find = FIND.exec(text);
  const show = SHOW.exec(text);
  const what = /^(?:what(?:'s|'re)?|which)\b\s*(.*)$/iu.exec(text);
  const bare =
    /^(?:(?:my|our|the|all|open|overdue|today'?s?|tomorrow'?s?|this week'?s?)\s+)+(?:tasks?|items?|to-?dos?|list|agenda|stuff)$/iu.test(
      text,
    );
  const body = find?.[1] ?? show?.[1] ?? (what ? what[1] : undefined) ?? (bare ? text : undefined);
  if (body === undefined) return undefined;
  const { filter, rest, isAny } = readFilter(body.replace(/'s\b/giu, ''), context);
  const isAboutTasks =
    isAny ||
    bare ||
    show !== null ||
    find !== null ||
    /\b(?:tasks?|to-?dos?|items?|list|(?:have|need|got) to|left|on (?:my|our|the) (?:plate|agenda)|planned|going on|open)\b/iu.test(
      body,
    );
  if (!isAboutTasks) return undefined;
  const left = find ? wordsOf((ABOUT.exec(rest)?.[1] ?? rest).trim()) : wordsOf(rest);
  // A question about the world ("what is the weather today") is left to whoever may answer it.
  if ((what ?? /^tell\b/iu.test(text)) && left !== undefined && !isTaskTalk(body)) return undefined;
  if (filter.priority === 'high' || filter.priority === 'urgent')
    filter.status = filter.status === 'done' ? 'done' : 'open';
  const status = left !== undefined && find ? 'all' : filter.status;
  return {
    kind: 'show',
    filter: { ...filter, status, ...(left ? { words: left } : {}) },
    title: isQuestion ? body : (show?.[1] ?? body),
  };
}

const isTaskTalk = (text: string): boolean =>
  /\b(?:tasks?|to-?dos?|items?|list|label(?:led)?|tag(?:ged)?|assigned|due|overdue)\b/iu.test(text);
