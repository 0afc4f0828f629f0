import type { Parser } from 'chrono-node/en';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH =
  'jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?';

/** "March 12" is a day to everyone, also to those who write 12/3: chrono's day-first reader takes it for March 2012. */
export const monthDayParser: Parser = {
  pattern: () =>
    new RegExp(
      `\\b(${MONTH})\\.?\\s+(\\d{1,2})(?:st|nd|rd|th)?(?:,?\\s+(\\d{4}))?(?![\\d:/-]|\\.\\d|\\s*[ap]\\.?m\\b)`,
      'i',
    ),
  extract(context, match) {
    const day = Number(match[2]);
    const month = MONTHS.indexOf((match[1] ?? '').slice(0, 3).toLowerCase()) + 1;
    if (day < 1 || day > 31) return null;
    const components = context.createParsingComponents({ day, month });
    if (match[3]) return components.assign('year', Number(match[3]));
    const today = context.reference.getDateWithAdjustedTimezone();
    const isPast = month < today.getMonth() + 1 || (month === today.getMonth() + 1 && day < today.getDate());
    return components.imply('year', today.getFullYear() + (isPast ? 1 : 0));
  },
};
