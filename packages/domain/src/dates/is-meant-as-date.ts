import type { ParsingResult } from 'chrono-node/en';

const SHORT_WEEKDAYS = /^(?:sun|mon|tue|tues|wed|weds|thu|thur|thurs|fri|sat)\.?$/iu;
const DAY_PART = /^(?:this\s+)?(?:morning|afternoon|evening|night)$/iu;
const NOT_ALONE = /^(?:now|second|sec|minute|min|hour|day|week|month|year|noon|midday|midnight|weekend)s?$/iu;
const MONTH =
  '(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)';
const ONLY_MONTH = new RegExp(`^${MONTH}\\.?(?:\\s+\\d{4})?$`, 'iu');
const SLASHED = /^\d{1,2}[/.-]\d{1,2}$/u;
const BARE_NUMBER = /^(?:at\s+)?\d{1,4}(?:\s*[-\u2013]\s*\d{1,2})?$/iu;
/** Units of a length of time, not of a day to come: "for 5 minutes", "2 hours of reading". */
const SECONDS = /\b(?:seconds?|secs?|\d+\s*s)\b/iu;
const LENGTH = /^(?:for|within)\b/iu;
/** Names that only look like days. */
const NAMED = /\b(?:black|good|ash|casual|super|palm|bloody|freaky|man)\s*$/iu;
const ROAST = /^\s+(?:roast|blues|times|night live|lunch money|people|nation)\b/iu;

/** A preposition before the words says that a time is meant. */
const LEADS = /(?:^|\s)(?:on|by|until|till|before|due|this|next|every|from|since|after|starting|begins?|at)\s+$/iu;
const ARTICLE = /(?:^|\s)(?:the|a|an|my|our|your|his|her|their|of|in the|under the|per)\s+$/iu;
/** After what was found: the end, a mark, a joining word, or another time. */
const ENDS =
  /^\s*(?:$|[,.;!?)\u0001]|[#@!](?=\S)|(?:and|or|at|by|from|to|until|till|with|for|in|before|after|about|if|when|because|so)\b|\d{1,2}(?::\d{2}|\s*[ap]m)\b|[-\u2013\u2014]\s)/iu;

/**
 * Whether words that chrono took for a date are one: it finds them in "buy sun cream", "call mon ami" and "make it a
 * second time". Where in doubt they are not: a date that was missed is seen at once, one that was invented is not.
 */
export function isMeantAsDate(text: string, result: ParsingResult): boolean {
  const found = result.text.trim();
  const before = text.slice(0, result.index);
  const after = text.slice(result.index + result.text.trimEnd().length);
  const isLed = LEADS.test(before) || /^(?:on|by|until|till|before|this|next|at|in|within)\s/iu.test(found);
  const isEnded = ENDS.test(after);

  // Part of a longer word, a number or a name: "tomorrow's", "mid-march", "v1.2.3", "monday.com", "10-12x".
  if (/^['\u2019]s\b|^[-/.:]?[\p{L}\p{N}]/u.test(after) || /[\p{L}\p{N}$€£#@_/.:-]$/u.test(before)) return false;
  if (/^\s*(?:%|€|\$|£|°)/u.test(after)) return false;
  if (SECONDS.test(found) || LENGTH.test(found) || (/(?:^|\s)for\s+$/iu.test(before) && /^\d+\s/u.test(found)))
    return false;
  if (NAMED.test(before) || ROAST.test(after)) return false;
  if (NOT_ALONE.test(found))
    return /^(?:noon|midday|midnight)$/iu.test(found) && /(?:at|by|before|until)\s+$/iu.test(before) && isEnded;
  if (DAY_PART.test(found)) return /^this\s/iu.test(found) || /(?:^|\s)this\s+$/iu.test(before);
  if (SHORT_WEEKDAYS.test(found))
    return isLed ? !ARTICLE.test(before) : isEnded && !ARTICLE.test(before) && /\s$|^$/u.test(before);
  if (ONLY_MONTH.test(found)) return /(?:^|\s)(?:by|in|until|before|next|this)\s+$/iu.test(before) && isEnded;
  if (SLASHED.test(found))
    return (
      isEnded &&
      (LEADS.test(before) || isAtEnd(after)) &&
      !/^(?:24\/7|50\/50|9\/11|1\/2|1\/4|3\/4|1\/3|2\/3)$/u.test(found)
    );
  if (BARE_NUMBER.test(found)) return /(?:^|\s)(?:at|by)\s+$/iu.test(before) || /^at\s/iu.test(found) ? isEnded : false;
  if (/^(?:a|an|the|one)\s+\p{L}+$/iu.test(found)) return false;
  // Only a count of hours or days: "3 day trip" is its length, "in 3 days" is when.
  if (/^\d+\s+\p{L}+$/u.test(found) && !isLed && new RegExp(`^\\d+\\s+${MONTH}`, 'iu').test(found) === false)
    return false;
  return true;
}

const isAtEnd = (after: string): boolean => /^[\s\u0001.,!]*$/u.test(after);
