import type { Priority } from '@muster/protocol/task';
import type { QuickAdd, QuickAddContext, QuickAddLabel, QuickAddMember, QuickAddToken } from './types.ts';

const PRIORITY_WORDS: Record<string, Priority> = {
  urgent: 'urgent',
  high: 'high',
  medium: 'medium',
  med: 'medium',
  low: 'low',
  1: 'urgent',
  2: 'high',
  3: 'medium',
  4: 'low',
};
/** A marker counts at the start or after a space, so that `ada@example.com` and `C#` stay words. */
const MARKER = /(?<=^|\s)([#@!])(?=\S)/gu;
const WORD = /^[\p{L}\p{N}][\p{L}\p{N}\p{M}_/-]*/u;
const LABEL_LENGTH = 60;
/** Stands for a token while dates are looked for: no date reaches across it. */
const MASK = '\u0001';

/** What a person made plain is known by its kind and words, so that it stays plain while they go on typing. */
export const tokenKey = (token: Pick<QuickAddToken, 'kind' | 'text'>): string =>
  `${token.kind}:${token.text.toLowerCase()}`;

/**
 * Reads one line as a task: `#label`, `@name`, `!high` or `!1` to `!4`, and a date in words. The last date and the last
 * priority count. Pure: the same text and context give the same answer.
 */
export function parseQuickAdd(text: string, context: QuickAddContext): QuickAdd {
  const isPlain = (token: QuickAddToken): boolean => context.plain?.has(tokenKey(token)) ?? false;
  const markers = findMarkers(text, context).filter((token) => !isPlain(token));
  const masked = mask(text, markers);
  const dates = (context.findDates?.(masked, context) ?? [])
    .map((found): QuickAddToken => {
      const { start, end, due } = found;
      return { kind: 'date', start, end, text: text.slice(start, end), value: due };
    })
    .filter((token) => !isPlain(token));

  const priority = markers.findLast((token) => token.kind === 'priority');
  let tokens = markers.filter((token) => token.kind !== 'priority' || token === priority);
  const date = dates.at(-1);
  // "Tomorrow" alone is what the task is called, not when it is due.
  if (date && titleOf(text, [...tokens, date]) !== '') tokens = [...tokens, date];
  tokens.sort((a, b) => a.start - b.start);
  return { title: titleOf(text, tokens), tokens, ...fieldsOf(tokens) };
}

function fieldsOf(tokens: QuickAddToken[]): Omit<QuickAdd, 'title' | 'tokens'> {
  const fields: Omit<QuickAdd, 'title' | 'tokens'> = {
    due: null,
    priority: 'none',
    labelIds: [],
    newLabels: [],
    assigneeIds: [],
  };
  for (const token of tokens) {
    if (token.kind === 'date') fields.due = token.value;
    else if (token.kind === 'priority') fields.priority = token.value;
    else if (token.kind === 'assignee') addOnce(fields.assigneeIds, token.value.id);
    else if (token.value.id) addOnce(fields.labelIds, token.value.id);
    else if (!fields.newLabels.some((name) => isSame(name, token.value.name))) fields.newLabels.push(token.value.name);
  }
  return fields;
}

function addOnce(into: string[], value: string): void {
  if (!into.includes(value)) into.push(value);
}

function titleOf(text: string, tokens: QuickAddToken[]): string {
  let title = '';
  let at = 0;
  for (const token of tokens.toSorted((a, b) => a.start - b.start)) {
    title += `${text.slice(at, token.start)} `;
    at = token.end;
  }
  title += text.slice(at);
  return title
    .replace(/\s+/gu, ' ')
    .replace(/ ([,;.])/gu, '$1')
    .trim()
    .replace(/^[,;:\u2013-]\s+|\s*[,;:\u2013-]$/gu, '')
    .trim();
}

function mask(text: string, tokens: QuickAddToken[]): string {
  let masked = text;
  for (const { start, end } of tokens) masked = masked.slice(0, start) + MASK.repeat(end - start) + masked.slice(end);
  return masked;
}

function findMarkers(text: string, context: QuickAddContext): QuickAddToken[] {
  const tokens: QuickAddToken[] = [];
  for (const match of text.matchAll(MARKER)) {
    const rest = text.slice(match.index + 1);
    const read =
      match[1] === '#'
        ? readLabel(rest, context.labels)
        : match[1] === '@'
          ? readMember(rest, context)
          : readPriority(rest);
    if (!read) continue;
    const end = match.index + 1 + read.length;
    tokens.push({ ...read.token, start: match.index, end, text: text.slice(match.index, end) });
  }
  return tokens;
}

type Meaning = QuickAddToken extends infer T
  ? T extends QuickAddToken
    ? Omit<T, 'start' | 'end' | 'text'>
    : never
  : never;
interface Read {
  length: number;
  token: Meaning;
}

function readPriority(rest: string): Read | undefined {
  const word = /^\w+(?![\p{L}\p{N}_!-])/u.exec(rest)?.[0];
  const value = word === undefined ? undefined : PRIORITY_WORDS[word.toLowerCase()];
  return value === undefined || word === undefined
    ? undefined
    : { length: word.length, token: { kind: 'priority', value } };
}

function readLabel(rest: string, labels: readonly QuickAddLabel[]): Read | undefined {
  const known = longest(rest, labels);
  if (known) return { length: known.name.length, token: { kind: 'label', value: { name: known.name, id: known.id } } };
  const word = WORD.exec(rest)?.[0].replace(/[-/]+$/u, '');
  // "#12" is the number of something until a label is called so.
  if (!word || word.length > LABEL_LENGTH || /^\d+$/u.test(word)) return undefined;
  return { length: word.length, token: { kind: 'label', value: { name: word, id: null } } };
}

function readMember(rest: string, context: QuickAddContext): Read | undefined {
  const whole = longest(rest, context.members);
  if (whole) return assignee(whole, whole.name.length);
  const word = WORD.exec(rest)?.[0];
  if (!word) return undefined;
  if (word.toLowerCase() === 'me') {
    const self = context.members.find((member) => member.id === context.selfId);
    return self && assignee(self, word.length);
  }
  const called = context.members.filter((member) => isSame(member.name.split(/\s+/u)[0] ?? '', word));
  // Two people of one first name: the completion asks which.
  return called.length === 1 && called[0] ? assignee(called[0], word.length) : undefined;
}

const assignee = (member: QuickAddMember, length: number): Read => ({
  length,
  token: { kind: 'assignee', value: { id: member.id, name: member.name } },
});

/** The longest name that `rest` begins with, up to the end of a word: names may hold spaces. */
function longest<T extends { name: string }>(rest: string, named: readonly T[]): T | undefined {
  let best: T | undefined;
  for (const candidate of named) {
    const length = candidate.name.length;
    if (length <= (best?.name.length ?? 0) || !isSame(rest.slice(0, length), candidate.name)) continue;
    if (/^[\p{L}\p{N}\p{M}_]/u.test(rest.slice(length))) continue;
    best = candidate;
  }
  return best;
}

const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
