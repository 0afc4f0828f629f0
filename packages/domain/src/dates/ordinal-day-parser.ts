import type { Parser } from 'chrono-node/en';

/** After "the 1st" only this may follow, or it is the first of something: "on the 1st floor", "the 2nd draft". */
const FOLLOWS =
  '(?=\\s*$|\\s*[,.;!?)\\u0001]|\\s+(?:at|by|from|with|for|and|or|in the|before|after|until|noon|midnight|\\d{1,2}(?::\\d{2})?\\s*(?:[ap]m)?\\b|[#@!\\u0001]))';

/** "On the 1st", "by the 15th": the next day of that number, which chrono alone does not find. */
export const ordinalDayParser: Parser = {
  pattern: () => new RegExp(`\\bthe\\s+(\\d{1,2})(?:st|nd|rd|th)\\b(?!\\s+of\\b)${FOLLOWS}`, 'i'),
  extract(context, match) {
    const day = Number(match[1]);
    if (day < 1 || day > 31) return null;
    const today = context.reference.getDateWithAdjustedTimezone();
    let year = today.getFullYear();
    let month = today.getMonth();
    if (day < today.getDate()) month += 1;
    // A month without a 31st is passed over.
    while (new Date(year, month, day).getDate() !== day) month += 1;
    year += Math.floor(month / 12);
    const components = context.createParsingComponents({ day });
    components.imply('month', (month % 12) + 1);
    components.imply('year', year);
    return components;
  },
};
