const NUMBERS: Record<string, number> = {
  a: 1,
  an: 1,
  one: 1,
  two: 2,
  'a couple of': 2,
  three: 3,
  'a few': 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
};

/** A number in digits or in words; undefined for anything else. */
export const numberOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text) || NUMBERS[text.toLowerCase()];
