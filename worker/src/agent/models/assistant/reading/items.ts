import { startsWithVerb, trimmed, unquote } from './phrases.ts';

/** Pairs that are one thing, whatever the "and" between them. */
const PAIRS =
  /\b(?:bread and butter|salt and pepper|mac(?:aroni)? and cheese|fish and chips|gin and tonic|pros and cons|terms and conditions|research and development|q and a|rock and roll|black and white|peanut butter and jelly|bed and breakfast|oil and vinegar|arts and crafts|health and safety|profit and loss)\b/iu;
const BULLET = /^\s*(?:[-*•–]|\d{1,3}[.)]|\[[ xX]?\])\s+/u;

/** Quoted stretches stand aside while the rest is split. */
function protectQuotes(text: string): { text: string; restore: (part: string) => string } {
  const kept: string[] = [];
  const masked = text.replace(
    /"[^"]+"|“[^”]+”|(?<!\p{L})'(?:[^'\n]|(?<=\p{L})'(?=\p{L}))+'(?!\p{L})/gu,
    (quote) => `\u0002${kept.push(quote) - 1}\u0003`,
  );
  return {
    text: masked,
    restore: (part) => part.replace(/\u0002(\d+)\u0003/gu, (_, at: string) => kept[Number(at)] ?? ''),
  };
}

/**
 * Splits an enumeration into its parts: lines and bullets, semicolons, commas with a last "and", and "and" alone between
 * two things that each could be a task.
 *
 * @param expected how many parts the person announced ("three tasks: …"), if they did
 * @param isDated whether a part says when: two things with a date each are two tasks
 */
export function splitItems(
  text: string,
  expected?: number,
  isDated: (part: string) => boolean = () => false,
): string[] {
  if (unquote(text) !== undefined) return [text.trim()];
  const lines = text
    .split(/\n+/u)
    .map((line) => line.replace(BULLET, '').replace(BULLET, ''))
    .filter((line) => line.trim() !== '');
  if (lines.length > 1) return lines.map(trimmed).filter(Boolean);
  const { text: masked, restore } = protectQuotes(lines[0] ?? '');
  const parts = splitLine(masked, expected, isDated).map((part) => restore(trimmed(part)).trim());
  return parts.filter((part) => part !== '');
}

function splitLine(line: string, expected: number | undefined, isDated: (part: string) => boolean): string[] {
  if (line.includes(';')) return line.split(/\s*;\s*(?:and\s+)?/u);
  const byComma = line.split(/\s*,\s*(?:and\s+|&\s+)?/u).filter((part) => part.trim() !== '');
  if (byComma.length > 1 && isEnumeration(byComma)) {
    const last = byComma.at(-1) ?? '';
    // "milk, eggs and call the bank": the comma made it a list, so the last "and" is of the list too.
    return [...byComma.slice(0, -1), ...splitAnd(last, true, isDated)];
  }
  return splitAnd(line, expected !== undefined && expected > 1, isDated);
}

/** Commas also stand inside one task ("call Ada, then Grace"; "pull request, high priority"): details are not items. */
const DETAIL =
  /^(?:high|low|medium|urgent|top)(?: priority)?$|^(?:which|who|that|then|but|so|because|due|by|assigned?|make it|priority|tag(?:ged)?|label(?:led)?|with|please|on|at|for|before|after|tomorrow|today|tonight|next|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b/iu;
const isEnumeration = (parts: string[]): boolean => parts.slice(1).every((part) => !DETAIL.test(part.trim()));

function splitAnd(text: string, isList: boolean, isDated: (part: string) => boolean): string[] {
  const match = /\s+(?:and(?: then| also)?|&|plus)\s+/iu.exec(text);
  if (!match || PAIRS.test(text)) return [text];
  const before = text.slice(0, match.index);
  const after = text.slice(match.index + match[0].length);
  const words = (part: string) => part.trim().split(/\s+/u).length;
  const areActs = startsWithVerb(before) && startsWithVerb(after);
  const areThings = words(before) <= 2 && words(after) <= 2 && !startsWithVerb(before);
  if (!isList && !areActs && !areThings && !(isDated(before) && isDated(after))) return [text];
  return [before, ...splitAnd(after, isList, isDated)];
}
