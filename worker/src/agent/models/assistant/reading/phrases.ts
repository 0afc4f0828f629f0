/** Small readings of English that all readers share. */

export const VERBS = new Set(
  (
    'add ask answer apply arrange assemble attend back bake bring book borrow brush build buy call cancel change charge check clean clear collect ' +
    'compare complete confirm contact cook copy create cut decide define deliver deploy design discuss do download draft drop email ' +
    'empty feed file fill finalise finalize find finish fix fold follow get give go grade hang help hire install invite invoice iron ' +
    'learn lend leave list load look mail make measure meet merge mop mow move negotiate open order organise organize pack paint pay phone ' +
    'pick plan plant post practise practice prepare print publish pull push put read record recycle refactor register release remind ' +
    'remove rename renew rent repair replace reply report request research reserve return review rewrite run schedule send sell set ' +
    'settle ship shop shred sign sort spend start stop study submit sweep take talk tell test text tidy track transfer translate try ' +
    'turn update upgrade upload use vacuum visit walk wash watch water weed wipe work wrap write'
  ).split(' '),
);

const IRREGULAR: Record<string, string> = {
  bought: 'buy',
  brought: 'bring',
  built: 'build',
  did: 'do',
  done: 'do',
  drove: 'drive',
  fed: 'feed',
  found: 'find',
  gave: 'give',
  got: 'get',
  hung: 'hang',
  held: 'hold',
  kept: 'keep',
  left: 'leave',
  made: 'make',
  met: 'meet',
  paid: 'pay',
  ran: 'run',
  sang: 'sing',
  sent: 'send',
  sold: 'sell',
  spoke: 'speak',
  spent: 'spend',
  swept: 'sweep',
  taken: 'take',
  taught: 'teach',
  told: 'tell',
  took: 'take',
  went: 'go',
  won: 'win',
  wrote: 'write',
  written: 'write',
  people: 'person',
  children: 'child',
};

/** A word's stem: enough that "flights" finds "flight", "watered" "water", "booking" "book". */
export function stem(word: string): string {
  const lower = word
    .toLowerCase()
    .replace(/['’]s$/u, '')
    .replace(/['’]/gu, '');
  const known = IRREGULAR[lower];
  if (known) return known;
  if (lower.length <= 3) return lower;
  if (/(?:ss|us|is)$/u.test(lower)) return lower;
  const cut = lower
    .replace(/(?:sses)$/u, 'ss')
    .replace(/ies$/u, 'y')
    .replace(/(?<=[^aeiou]{1,2}|[aeiou]{2}[^aeiou])(?:ing|ed)$/u, '')
    .replace(/(?<=x|ch|sh|s|z)es$/u, '')
    .replace(/(?<!s)s$/u, '');
  // "planned", "planning" -> "plan"; "call" keeps its two.
  const undoubled = /([bdgmnprt])\1$/u.test(cut) && cut !== lower ? cut.slice(0, -1) : cut;
  return undoubled.replace(/(?<=.{3})e$/u, '');
}

const STOP_WORDS = new Set(
  'a an the my our your his her their this that these those to of for in on at with and or is are was were be been it its i me we us you please task tasks item items one ones todo todos thing things stuff about'.split(
    ' ',
  ),
);

/** The words of a phrase that carry meaning, as stems. */
export function contentWords(phrase: string): string[] {
  const words = phrase.match(/[\p{L}\p{N}]+(?:['’][\p{L}]+)?/gu) ?? [];
  const content = words.filter((word) => !STOP_WORDS.has(word.toLowerCase()));
  return (content.length > 0 ? content : words).map(stem);
}

/** Takes the quotes off something quoted as a whole; undefined where it is not. */
export function unquote(text: string): string | undefined {
  const match = /^\s*(?:"([^"]+)"|“([^”]+)”|'((?:[^']|(?<=\p{L})'(?=\p{L}))+)'|‘([^’]+)’|«([^»]+)»)\s*[.!?]?\s*$/u.exec(
    text,
  );
  return match
    ?.slice(1)
    .find((group) => group !== undefined)
    ?.trim();
}

/** Spaces folded, politeness taken off both ends. */
export function plain(text: string): string {
  return text
    .replace(/[^\S\n]+/gu, ' ')
    .trim()
    .replace(
      /^(?:hey|hi|hello|ok(?:ay)?|so|well|actually|also|now|and|then|please|pls|could you|can you|would you|will you|can u|i(?:'d| would) like (?:you )?to|i want (?:you )?to|let'?s|just)\b[,:!]?\s+(?:please\s+)?/iu,
      '',
    )
    .replace(/[,\s]+(?:please|pls|thanks|thank you|for me)\s*[.!]*$/iu, '')
    .trim();
}

/** Repeats {@link plain} until nothing more comes off: "ok, please could you …". */
export function withoutPoliteness(text: string): string {
  let now = text;
  for (let round = 0; round < 4; round += 1) {
    const next = plain(now);
    if (next === now) break;
    now = next;
  }
  return now;
}

export const startsWithVerb = (text: string): boolean => VERBS.has(text.trim().split(/\s+/u)[0]?.toLowerCase() ?? '');

/** Without the punctuation at its end and stray marks around it. */
export const trimmed = (text: string): string =>
  text
    .replace(/^[\s,;:–—-]+|[\s,;:]+$/gu, '')
    .replace(/(?<!\b\p{L})[.!]+$/u, '')
    .trim();
