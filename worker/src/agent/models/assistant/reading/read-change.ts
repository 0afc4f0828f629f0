import type { Due } from '@muster/protocol/due';
import { memberNamed, priorityOf, readItem, takeDate } from './details.ts';
import { numberOf } from './numbers.ts';
import { trimmed, unquote } from './phrases.ts';
import type { Change, ReadingContext, Request } from './request.ts';
import { readTargets, taskPhrase } from './targets.ts';

/** Requests that change, move, complete or delete what is there. */

type Reader = (match: RegExpExecArray, context: ReadingContext) => Request | undefined;
const change = (phrase: string, what: Change, context: ReadingContext): Request => ({
  kind: 'change',
  targets: readTargets(phrase, context),
  change: what,
});
const complete = (phrase: string, context: ReadingContext, done = true): Request => ({
  kind: 'complete',
  targets: readTargets(phrase, context),
  done,
});
const said = (text: string): string => unquote(text) ?? trimmed(text).replace(/^["“']|["”']$/gu, '');

/** All of the text is a date. */
function wholeDate(text: string, context: ReadingContext): Due | undefined {
  const { text: rest, due } = takeDate(trimmed(text), context);
  return due && /^(?:the|to|on|for|due)?$/iu.test(trimmed(rest)) ? due : undefined;
}

const UNITS: Record<string, number> = { day: 1, week: 7, fortnight: 14, month: 30 };
const SPAN = '(\\d+|an?|one|two|three|four|five|six|seven|ten|a couple of|a few)\\s+(day|week|fortnight|month)s?';
const spanDays = (count = 'a', unit = 'day'): number => (numberOf(count) ?? 1) * (UNITS[unit.toLowerCase()] ?? 1);
const NOT_ANY_MORE = /\b(?:isn'?t|is not|aren'?t|are not|wasn'?t|weren'?t|is no longer|not)\b/iu;

const READERS: [RegExp, Reader][] = [
  // Titles
  [
    /^(?:rename|retitle)\s+(.+?)\s+(?:to|as|into)\s+(.+)$/iu,
    ([, from = '', to = ''], c) => change(from, { title: said(to) }, c),
  ],
  [
    /^(?:change|edit|reword|correct)\s+(?:the (?:title|name) of\s+)?(["“'].+?["”'])\s+(?:to|into)\s+(["“'].+["”'])$/iu,
    ([, from = '', to = ''], c) => change(from, { title: said(to) }, c),
  ],
  [
    /^(?:change|edit|set) the (?:title|name|wording) of\s+(.+?)\s+to\s+(.+)$/iu,
    ([, from = '', to = ''], c) => change(from, { title: said(to) }, c),
  ],
  // Notes
  [
    /^(?:add|write|put|leave|attach|set)\s+(?:an?\s+|the\s+)?(?:note|comment|description)s?\s+(?:to|on|for|of|in)\s+(.+?)\s*(?::|\bsaying\b|\bthat says\b|\bto\b)\s*([\s\S]+)$/iu,
    ([, of = '', note = ''], c) => change(of, { addNote: said(note) }, c),
  ],
  [
    /^(?:add|put|write)\s+(["“'].+?["”'])\s+(?:to|in|into|on)\s+(?:the )?notes?\s+(?:of|for|on)\s+(.+)$/iu,
    ([, note = '', of = ''], c) => change(of, { addNote: said(note) }, c),
  ],
  [
    /^note (?:on|for)\s+(.+?)\s*:\s*([\s\S]+)$/iu,
    ([, of = '', note = ''], c) => change(of, { addNote: said(note) }, c),
  ],
  // Dates
  [
    /^(?:remove|clear|delete|drop|take off|unset)\s+(?:the |any )?(?:due )?(?:date|deadline|due|time)s?\s+(?:from|of|on|for)\s+(.+)$/iu,
    ([, of = ''], c) => change(of, { due: null }, c),
  ],
  [/^(?:un-?schedule)\s+(.+)$/iu, ([, of = ''], c) => change(of, { due: null }, c)],
  [
    new RegExp(
      `^(?:postpone|delay|push(?: back)?|move(?: back)?|shift|defer|snooze|put off)\\s+(.+?)\\s+(?:back )?(?:by|for)\\s+${SPAN}$`,
      'iu',
    ),
    ([, of = '', count, unit], c) => change(of, { shiftDays: spanDays(count, unit) }, c),
  ],
  [
    new RegExp(`^(?:bring|move|pull)\\s+(.+?)\\s+forward\\s+(?:by\\s+)?${SPAN}$`, 'iu'),
    ([, of = '', count, unit], c) => change(of, { shiftDays: -spanDays(count, unit) }, c),
  ],
  [
    /^(?:set|change|make|update)\s+(?:the\s+)?(?:due )?(?:date|deadline)\s+(?:of|for|on)\s+(.+?)\s+(?:to|be|as)\s+(.+)$/iu,
    ([, of = '', when = ''], c) => dated(of, when, c),
  ],
  [
    /^(?:move|push|postpone|reschedule|delay|shift|defer|change|set|bring|put off|snooze|make)\s+(.+?)\s+(?:to|until|till|for|on|forward to|back to|off (?:to|until))\s+(.+)$/iu,
    ([, of = '', when = ''], c) => dated(of, when, c),
  ],
  [/^(.+?)\s+(?:is|are) (?:now )?due\s+(.+)$/iu, ([, of = '', when = ''], c) => dated(of, when, c)],
  // Priority
  [
    /^(.+?)\s+(?:isn'?t|is not|aren'?t|are not|is no longer)\s+(?:that |so )?(?:urgent|important|high priority)(?: any ?more)?\s*(?:[,;.]|and)?\s*(?:(?:so )?(?:please )?(?:make|set|mark) (?:it|them|that)(?: to| as)? (\w+)(?:[- ]priority)?)?$/iu,
    ([, of = '', word = 'none'], c) => ranked(of, word, c),
  ],
  [
    /^(?:set|change|raise|lower|drop|make|put|bump)\s+(?:the )?priority\s+(?:of|for|on)\s+(.+?)\s+(?:to|as|at)?\s*(\w+)(?: priority)?$/iu,
    ([, of = '', word = ''], c) => ranked(of, word, c),
  ],
  [
    /^(?:make|mark|set|flag|change|raise|lower|bump)\s+(.+?)\s+(?:as |to |a )?(\w+)(?:[- ]priority)?$/iu,
    ([, of = '', word = ''], c) => ranked(of, word, c),
  ],
  [
    /^(?:remove|clear)\s+(?:the )?priority\s+(?:from|of|on)\s+(.+)$/iu,
    ([, of = ''], c) => change(of, { priority: 'none' }, c),
  ],
  [/^(?:prioriti[sz]e)\s+(.+)$/iu, ([, of = ''], c) => change(of, { priority: 'high' }, c)],
  // Labels
  [
    /^(?:remove|take|delete|drop)\s+(?:the )?(?:label|tag)\s+["“'#]?([\p{L}\p{N}_-]+)["”']?\s+(?:from|off)\s+(.+)$/iu,
    ([, name = '', of = ''], c) => change(of, { removeLabels: [name] }, c),
  ],
  [
    /^(?:remove|take)\s+(?:the )?["“'#]?([\p{L}\p{N}_-]+)["”']?\s+(?:label|tag)\s+(?:from|off)\s+(.+)$/iu,
    ([, name = '', of = ''], c) => change(of, { removeLabels: [name] }, c),
  ],
  [/^un(?:tag|label)\s+(.+)$/iu, ([, of = ''], c) => change(of, { removeLabels: ['*'] }, c)],
  [
    /^(?:add|put|attach|apply|give)\s+(?:the |an? )?(?:label|tag)\s+["“'#]?([\p{L}\p{N}_-]+)["”']?\s+(?:to|on)\s+(.+)$/iu,
    ([, name = '', of = ''], c) => change(of, { addLabels: [name] }, c),
  ],
  [
    /^(?:add|put|attach|apply|give)\s+(?:the |an? )?["“'#]?([\p{L}\p{N}_-]+)["”']?\s+(?:label|tag)\s+(?:to|on)\s+(.+)$/iu,
    ([, name = '', of = ''], c) => change(of, { addLabels: [name] }, c),
  ],
  [
    /^(?:tag|label)\s+(.+?)\s+(?:with|as|by)\s+(?:the (?:label|tag) )?["“'#]?([\p{L}\p{N}_-]+)["”']?$/iu,
    ([, of = '', name = ''], c) => change(of, { addLabels: [name] }, c),
  ],
  // People
  [
    /^(?:un-?assign|take)\s+@?([\p{L}][\p{L}'’-]*)\s+(?:from|off)\s+(.+)$/iu,
    ([, name = '', of = ''], c) =>
      memberNamed(name, c) ? change(of, { removeAssignees: [memberNamed(name, c) ?? name] }, c) : undefined,
  ],
  [/^un-?assign\s+(.+)$/iu, ([, of = ''], c) => change(of, { removeAssignees: ['*'] }, c)],
  [
    /^(?:assign|give|hand(?: over)?|delegate|pass|reassign)\s+(.+?)\s+to\s+@?([\p{L}][\p{L}'’ -]*?)$/iu,
    ([, of = '', name = ''], c) => change(of, { addAssignees: [memberNamed(name, c) ?? name] }, c),
  ],
  [
    /^(?:assign)\s+@?([\p{L}][\p{L}'’-]*)\s+(?:to|on)\s+(.+)$/iu,
    ([, name = '', of = ''], c) => change(of, { addAssignees: [memberNamed(name, c) ?? name] }, c),
  ],
  [
    /^(?:let|have|make)\s+@?([\p{L}][\p{L}'’-]*)\s+(?:do|take|handle|own|take care of)\s+(.+)$/iu,
    ([, name = '', of = ''], c) =>
      memberNamed(name, c) ? change(of, { addAssignees: [memberNamed(name, c) ?? name] }, c) : undefined,
  ],
  [
    /^(.+?)\s+(?:is|goes|belongs) (?:for|to)\s+@?([\p{L}][\p{L}'’-]*)$/iu,
    ([, of = '', name = ''], c) =>
      memberNamed(name, c) ? change(of, { addAssignees: [memberNamed(name, c) ?? name] }, c) : undefined,
  ],
  // Places
  [
    /^(?:move|put|bring|place|drag|send)\s+(.+?)\s+(?:(?:to|at|on)\s+)?(?:the\s+)?(?:very\s+)?(top|start|beginning|front|first place|bottom|end|last place)(?:\s+of (?:the|my|this) list)?$/iu,
    ([, of = '', where = ''], c) => ({
      kind: 'move',
      targets: readTargets(of, c),
      place: { at: /^(?:bottom|end|last)/iu.test(where) ? 'bottom' : 'top' },
    }),
  ],
  [
    /^(?:move|put|bring|place|drag)\s+(.+?)\s+(?:right |just |directly |immediately )?(after|behind|below|beneath|before|above|in front of|under(?:neath)?|into|inside)\s+(.+)$/iu,
    ([, of = '', where = '', other = ''], c) => ({
      kind: 'move',
      targets: readTargets(of, c),
      place: {
        at: /^(?:under|into|inside)/iu.test(where)
          ? 'under'
          : /^(?:before|above|in front)/iu.test(where)
            ? 'before'
            : 'after',
        phrase: taskPhrase(said(other)),
      },
    }),
  ],
  [
    /^make\s+(.+?)\s+an?\s+sub-?task\s+of\s+(.+)$/iu,
    ([, of = '', other = ''], c) => ({
      kind: 'move',
      targets: readTargets(of, c),
      place: { at: 'under', phrase: taskPhrase(said(other)) },
    }),
  ],
  // Open again
  [
    /^(?:(.+?)[,;.]?\s+(?:so\s+)?(?:please\s+)?)?(?:re-?open|un-?check|un-?tick|un-?complete|undo)\s+(?:it|that|this|them)$/iu,
    ([, about], c) =>
      about
        ? complete(
            about.replace(/\s*\b(?:(?:isn|aren|wasn|weren|hasn|haven)['’]?t|is not|are not|not)\b.*$/iu, ''),
            c,
            false,
          )
        : complete('it', c, false),
  ],
  [/^(?:re-?open|un-?check|un-?tick|un-?complete|restart)\s+(.+)$/iu, ([, of = ''], c) => complete(of, c, false)],
  [
    /^(?:mark|set)\s+(.+?)\s+(?:as\s+)?(?:not (?:done|complete|completed|finished)|undone|open|incomplete|unfinished|to ?do)(?: again)?$/iu,
    ([, of = ''], c) => complete(of, c, false),
  ],
  // Done
  [
    /^(?:mark|set|tick|check|flag)\s+(.+?)\s+(?:off\s+)?(?:as\s+|to\s+)?(?:done|complete|completed|finished|off)$/iu,
    ([, of = ''], c) => complete(of, c),
  ],
  [
    /^(?:complete|finish|finish off|check off|tick off|cross off|close|tick|resolve|mark off)\s+(.+)$/iu,
    ([, of = ''], c) => complete(of, c),
  ],
  [
    /^(?:i'?m |we'?re |i am |all )?(?:done|finished|through)\s+(?:with\s+)?(.+)$/iu,
    ([, of = ''], c) => complete(of, c),
  ],
  [
    /^(.+?)\s+(?:is|are|has been|have been|was|were|got|'s|’s)\s+(?:all\s+|now\s+|already\s+|finally\s+)?(?:done|finished|completed?|ready|sorted|taken care of|fixed|paid|sent|booked|bought)(?: now)?$/iu,
    (match, c) => finished(match, c),
  ],
  [
    /^(?:i|we)(?:'ve|’ve| have)?(?: just| already| finally| now)?\s+((?:\p{L}+ed|bought|brought|built|did|done|drove|fed|found|gave|got|hung|kept|made|met|paid|ran|sent|sold|spoke|swept|took|taken|taught|told|went|wrote|written|read|cut|put|set)\s+.+)$/iu,
    ([, of = ''], c) => complete(of.replace(/^(?:done|did|finished|completed)\s+(?:with\s+)?/iu, ''), c),
  ],
  // Gone
  [
    /^(?:clear|clean up|purge|wipe|empty)\s+(?:out\s+|away\s+)?(.+)$/iu,
    ([, of = ''], c) => ({
      kind: 'delete',
      targets: readTargets(of.replace(/^(?:the|my|this) list$/iu, 'all tasks'), c),
    }),
  ],
  [
    /^take\s+(.+?)\s+off\s+(?:the|my|this|our)\s+list$/iu,
    ([, of = ''], c) => ({ kind: 'delete', targets: readTargets(of, c) }),
  ],
  [
    /^(?:delete|remove|erase|drop|discard|get rid of|scrap|throw away)\s+(.+?)(?:\s+(?:from|off)\s+(?:the|my|this|our)\s+list)?$/iu,
    ([, of = ''], c) => ({ kind: 'delete', targets: readTargets(of, c) }),
  ],
];

function dated(of: string, when: string, context: ReadingContext): Request | undefined {
  const due = wholeDate(when, context);
  return due && change(of, { due }, context);
}

function ranked(of: string, word: string, context: ReadingContext): Request | undefined {
  const priority = priorityOf(word);
  return priority && change(of.replace(/\s+(?:as|to|a)$/iu, ''), { priority }, context);
}

function finished(match: RegExpExecArray, context: ReadingContext): Request | undefined {
  const phrase = match[1] ?? '';
  if (
    /^(?:what|which|who|when|how|is|are|did|does|has|have|delete|remove|move|clear|show|list|make|set|mark|complete|push|postpone)\b/iu.test(
      phrase,
    ) ||
    NOT_ANY_MORE.test(phrase)
  )
    return undefined;
  return complete(phrase, context);
}

export function readChange(text: string, context: ReadingContext): Request | undefined {
  if (/\?\s*$/u.test(text)) return undefined;
  const clean = text
    .replace(/[.!]+$/u, '')
    .replace(/\s+/gu, ' ')
    .trim();
  for (const [pattern, read] of READERS) {
    const match = pattern.exec(clean);
    const request = match && read(match, context);
    if (request) return request;
  }
  const scheduled = /^(?:schedule|plan in|book in|pencil in)\s+(.+)$/iu.exec(clean);
  if (scheduled?.[1]) {
    const item = readItem(scheduled[1].replace(/\s+for(?=\s)/iu, ''), context);
    if (item.due) return { kind: 'schedule', item };
  }
  return undefined;
}
