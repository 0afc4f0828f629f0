import { readAdd } from './read-add.ts';
import { readChange } from './read-change.ts';
import { readQuestion } from './read-question.ts';
import { nothingKnown, readBareTask, readBreakdown, readTalk, readUnable } from './read-talk.ts';
import { unquote, withoutPoliteness } from './phrases.ts';
import type { ReadingContext, Request } from './request.ts';

/** A clause that can only be a command of its own: where it begins, a new request may begin. */
const COMMAND =
  '(?:add|create|mark|check off|tick off|complete|rename|delete|remove|move|assign|tag|postpone|reopen|set|make|show|list|break)\\s';
/** Sentences, and "then": a plain "and" only before what could not be part of a title. */
const BETWEEN = new RegExp(
  `(?:\\.\\s+|\\n\\s*\\n|;\\s+|,?\\s+(?:and\\s+)?then\\s+|,?\\s+and\\s+also\\s+)(?=(?:please\\s+)?${COMMAND})|,?\\s+and\\s+(?=(?:mark\\s.+\\s(?:as\\s)?(?:done|complete)|rename\\s.+\\sto\\s|check off\\s|tick off\\s|reopen\\s|postpone\\s|(?:make|set|mark|move|push|tag|label|assign|give|put)\\s(?:it|them|that|those|both)\\b))`,
  'iu',
);

/** Reads everything that one message asks for, in its order. */
export function readRequests(text: string, context: ReadingContext): Request[] {
  const whole = withoutPoliteness(text);
  const requests: Request[] = [];
  for (const clause of splitClauses(whole))
    requests.push(resolvePronoun(readOne(withoutPoliteness(clause), context), requests.at(-1)));
  return requests;
}

/** "Assign both bugs to Grace and make them urgent": them are those of the clause before. */
function resolvePronoun(request: Request, before: Request | undefined): Request {
  if (!before || !('targets' in request) || !('targets' in before)) return request;
  return request.targets.every(({ by }) => by === 'pronoun') ? { ...request, targets: before.targets } : request;
}

function splitClauses(text: string): string[] {
  // Behind "task:" everything is the title, and so is what stands in quotes.
  if (
    /^(?:\p{L}+\s+){0,4}(?:task|to-?do|item|reminder|note|these|following)\s*:/iu.test(text) ||
    unquote(text) !== undefined
  )
    return [text];
  const masked = text.replace(/"[^"]*"|“[^”]*”|(?<!\p{L})'(?:[^'\n]|(?<=\p{L})'(?=\p{L}))+'(?!\p{L})/gu, (quote) =>
    '\u0001'.repeat(quote.length),
  );
  const match = BETWEEN.exec(masked);
  if (!match || match.index === 0) return [text];
  // What is said of a task as it is added ("… and assign it to Grace") is part of it.
  if (
    /^(?:add|create|new|put|remind|schedule)\b/iu.test(text) &&
    /^,?\s+and\s+(?:make|set|mark|tag|label|assign|give)\s(?:it|them|that)\b/iu.test(text.slice(match.index))
  )
    return [text];
  return [text.slice(0, match.index), ...splitClauses(text.slice(match.index + match[0].length))];
}

/** The order matters: what names its act in so many words goes before what is guessed from the shape of a sentence. */
function readOne(text: string, context: ReadingContext): Request {
  return (
    readTalk(text) ??
    readUnable(text) ??
    readStep(text) ??
    readNote(text, context) ??
    readAdd(text, context) ??
    readQuestionFirst(text, context) ??
    readChange(text, context) ??
    readBreakdown(text) ??
    readQuestion(text, context) ??
    readBareTask(text, context) ??
    nothingKnown(text)
  );
}

/** "Add steps for the offsite" names no steps: it asks for ideas. */
const readStep = (text: string): Request | undefined =>
  /^(?:add|create|make|suggest)\s+(?:some |the |a few |possible )?(?:steps|sub-?tasks)\s+(?:for|to|under|of)\s+[^:]+$/iu.test(
    text,
  )
    ? readBreakdown(text)
    : undefined;

/** "Add a note to flights: …" begins like a new task. */
const readNote = (text: string, context: ReadingContext): Request | undefined =>
  /^(?:add|put|write|attach|apply|give)\s+(?:an?\s+|the\s+)?(?:note|comment|description|label|tag)\b|^(?:add|put|attach|apply)\s+(?:the\s+)?["“'#]?[\p{L}\p{N}_-]+["”']?\s+(?:label|tag)\s+(?:to|on)\b|^(?:add|put|write)\s+["“'].+["”']\s+(?:to|in|into|on)\s+(?:the )?notes?\b/iu.test(
    text,
  )
    ? readChange(text, context)
    : undefined;

const readQuestionFirst = (text: string, context: ReadingContext): Request | undefined =>
  /\?\s*$/u.test(text) ||
  /^(?:what|which|who|when|how many|did|have i|show|list|find|search|summari[sz]e|give me (?:a|an|the) (?:summary|overview|status)|count)\b/iu.test(
    text,
  )
    ? (readBreakdownQuestion(text) ?? readQuestion(text, context))
    : undefined;

const readBreakdownQuestion = (text: string): Request | undefined =>
  /^(?:what (?:are the|steps)|how (?:do|should|can) (?:i|we)|list (?:the |some )?(?:steps|sub-?tasks)|show (?:me )?(?:the )?steps)\b/iu.test(
    text,
  ) && !/\b(?:first|next|many|overdue|due)\b/iu.test(text)
    ? readBreakdown(text)
    : undefined;
