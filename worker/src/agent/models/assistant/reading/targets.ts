import { addDays, startOfWeek, wallClock } from '@muster/domain/dates/calendar';
import { memberNamed, priorityOf, takeDate } from './details.ts';
import { splitItems } from './items.ts';
import { trimmed, unquote } from './phrases.ts';
import type { Filter, ReadingContext, Target } from './request.ts';

/** Which tasks a noun phrase means. */

const PRONOUN = /^(?:it|that|this|them|these|those|that one|this one|the last one|(?:that|this|these|those) tasks?)$/iu;
const EVERYTHING =
  /^(?:everything|every(?: single)? (?:task|item|one|thing)|all(?: of)?(?: (?:it|them|the|my|our|these|those))*(?: (?:tasks?|items?|things?|stuff|to-?dos))?|(?:the |my )?(?:tasks|items|to-?dos))(?=$|\s)/iu;

/** Words that narrow a set of tasks, each taken off the text as it is read. */
export function readFilter(text: string, context: ReadingContext): { filter: Filter; rest: string; isAny: boolean } {
  const today = wallClock(context.now, context.zone).date;
  const filter: Filter = { status: 'open' };
  let rest = ` ${text} `;
  let isAny = false;
  const take = (pattern: RegExp, use: (match: RegExpExecArray) => boolean | void): void => {
    const match = pattern.exec(rest);
    if (!match || use(match) === false) return;
    isAny = true;
    rest = `${rest.slice(0, match.index)} ${rest.slice(match.index + match[0].length)}`;
  };
  take(/\b(?:over ?due|past due|late|behind schedule)\b/iu, () => void (filter.isOverdue = true));
  take(
    /\b(?:already |all )?(?:completed?|done|finished|ticked(?: off)?|checked(?: off)?)\b/iu,
    () => void (filter.status = 'done'),
  );
  take(
    /\b(?:open|unfinished|incomplete|remaining|left|outstanding|not done|undone|pending)\b/iu,
    () => void (filter.status = 'open'),
  );
  take(
    /\b(?:un(?:dated|scheduled)|without (?:a |any )?(?:due )?dates?|with no (?:due )?dates?)\b/iu,
    () => void (filter.hasDue = false),
  );
  take(/\b(urgent|high|medium|low|important|top)(?:[ -]priority)?\b(?: priority)?/iu, ([, word = '']) => {
    filter.priority = priorityOf(word) ?? 'high';
  });
  take(
    /\b(?:with (?:the )?|under (?:the )?|in (?:the )?)?(?:label(?:l?ed)?|tag(?:ged)?)(?: (?:with|as|called))? ["“'#]?([\p{L}\p{N}_-]+)["”']?/iu,
    ([, name = '']) => void (filter.label = name),
  );
  take(
    /\bwith (?:the )?["“'#]?([\p{L}\p{N}_-]+)["”']? (?:label|tag)\b/iu,
    ([, name = '']) => void (filter.label = name),
  );
  take(/(?:^|\s)#([\p{L}\p{N}_-]+)/u, ([, name = '']) => void (filter.label = name));
  take(/\b(?:the )?["“']?([\p{L}\p{N}_-]+)["”']? (?:label|tag)\b/iu, ([, name = '']) => {
    if (!context.labels.some((label) => label.toLowerCase() === name.toLowerCase())) return false;
    filter.label = name;
    return true;
  });
  take(
    /\b(?:assigned to|belonging to|owned by|on|for) @?(me|myself|[\p{L}][\p{L}'’-]*)\b|\b(unassigned)\b/iu,
    ([, name, none]) => {
      const member = none ? 'nobody' : memberNamed(name ?? '', context);
      if (!member) return false;
      filter.assignee = member;
      return true;
    },
  );
  take(
    /\b(?:due |for |by |of )?(?:in |during )?(?:the )?(today|tonight|tomorrow|this week|next week|this month|this weekend|the weekend)\b|\bright now\b/iu,
    ([, when]) => {
      Object.assign(filter, spanOf(when?.toLowerCase() ?? 'today', today, context.weekStart));
    },
  );
  if (filter.dueTo === undefined) {
    const dated = takeDate(rest, context);
    if (dated.due) {
      isAny = true;
      const isUntil = /\b(?:by|before|until)\b/iu.test(rest);
      filter.dueTo = dated.due.date;
      filter.dueFrom = isUntil ? '0000-01-01' : dated.due.date;
      rest = dated.text;
    }
  }
  return {
    filter,
    rest: rest
      .replace(/\b(?:due|that|which|are|is|was|were|with|by|priority)\b/giu, ' ')
      .replace(/\s+/gu, ' ')
      .trim(),
    isAny,
  };
}

function spanOf(words: string, today: string, weekStart: number): Pick<Filter, 'dueFrom' | 'dueTo'> {
  const week = startOfWeek(today, weekStart);
  if (words === 'tomorrow') return { dueFrom: addDays(today, 1), dueTo: addDays(today, 1) };
  if (words === 'this week') return { dueFrom: week, dueTo: addDays(week, 6) };
  if (words === 'next week') return { dueFrom: addDays(week, 7), dueTo: addDays(week, 13) };
  if (words.endsWith('weekend')) {
    const monday = startOfWeek(today, 1);
    return { dueFrom: addDays(monday, 5), dueTo: addDays(monday, 6) };
  }
  if (words === 'this month') return { dueFrom: `${today.slice(0, 7)}-01`, dueTo: `${today.slice(0, 7)}-31` };
  return { dueFrom: today, dueTo: today };
}

const SET_NOUN = /^(?:the |my |all |our )?(?:tasks?|items?|ones?|to-?dos?|things?|stuff)?$/iu;

/** The tasks that "the dentist call", "milk and flights", "both bugs", "everything due today" or "it" mean. */
export function readTargets(text: string, context: ReadingContext): Target[] {
  const clean = trimmed(text);
  if (PRONOUN.test(clean)) return [{ by: 'pronoun' }];
  const quoted = unquote(clean);
  if (quoted !== undefined) return [{ by: 'words', phrase: quoted, many: false }];
  const everything = EVERYTHING.exec(clean);
  const afterEverything = everything ? clean.slice(everything[0].length).trim() : clean;
  const { filter, rest, isAny } = readFilter(
    afterEverything.replace(/^(?:that|which)(?: (?:is|are|was|were))?\s+/iu, ''),
    context,
  );
  // "all bugs", "both bug tasks", "everything about Lisbon": every task that fits the words.
  const many = /^(?:all(?: (?:the|my|of the|\w+))?|both(?: of)?(?: the)?|every|each|any)\s+(.+)$/iu.exec(clean);
  const isSet = everything !== null && (isAny || afterEverything === '');
  if (isSet && SET_NOUN.test(rest)) return [{ by: 'filter', filter, words: clean }];
  if (isAny && SET_NOUN.test(rest) && !/^(?:the )?(?:late|left|open|low|high|done)$/iu.test(clean))
    return [{ by: 'filter', filter, words: clean }];
  if (everything && /^(?:about|with|on|for|containing|mentioning|related to|regarding)\s+/iu.test(afterEverything)) {
    return [{ by: 'words', phrase: afterEverything.replace(/^\S+\s+/u, ''), many: true }];
  }
  if (many?.[1]) return [{ by: 'words', phrase: many[1].replace(/\b(?:tasks|items|ones)$/iu, '').trim(), many: true }];
  const parts = splitItems(clean);
  return parts.map((phrase): Target => {
    const name = unquote(phrase) ?? phrase;
    return PRONOUN.test(name)
      ? { by: 'pronoun' }
      : { by: 'words', phrase: taskPhrase(name), many: /^(?:both|all)\b/iu.test(name) };
  });
}

/** "The dentist task" is "dentist": what stands around the name of a task. */
export const taskPhrase = (text: string): string =>
  trimmed(text)
    .replace(
      /^(?:the |my |our |that |this )?(?:tasks?|items?|to-?do)(?: (?:called|named|about|to|for))?:? +(?=\S)/iu,
      '',
    )
    .replace(/^(?:both|all)(?: of)?(?: the)? +/iu, '')
    .replace(/ (?:task|item|to-?do|one|entry)$/iu, '')
    .trim();
