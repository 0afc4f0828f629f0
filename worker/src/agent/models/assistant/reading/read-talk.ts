import { startsWithVerb, trimmed, unquote } from './phrases.ts';
import { readItem } from './details.ts';
import { splitItems } from './items.ts';
import type { ReadingContext, Request } from './request.ts';
import { taskPhrase } from './targets.ts';

/** Everything else that people say: thanks, plans, and what nobody here can do. */

const THANKS =
  /^(?:thanks?|thank you|thx|ty|cheers|great|perfect|nice|awesome|cool|good job|well done|lovely|brilliant|excellent|ok(?:ay)?|got it|wonderful)(?:\b.*)?$/iu;
const GREETING =
  /^(?:hi|hello|hey|good (?:morning|afternoon|evening)|howdy|yo)(?:\s+(?:there|agent|assistant|muster|everyone|all))?[\s!.,]*$/iu;
const HELP =
  /^(?:help(?: me)?|what can (?:you|i) (?:do|ask|say)(?: here| for me)?|how do(?:es)? (?:you|this|it) work|what are you(?: able to do)?|who are you|what do you do|commands?|\?)[\s!?.]*$/iu;

const BREAKDOWN = [
  /^(?:break|split|divide|cut)\s+(?:down\s+)?(.+?)\s+(?:down\s+)?(?:into|in|up into|down into)\s+(?:\w+\s+)?(?:smaller\s+)?(?:steps|sub-?tasks|tasks|pieces|parts|chunks|bits|actions).*$/iu,
  /^(?:break|split)\s+(?:down|up)\s+(.+)$/iu,
  /^(?:break|split)\s+(.+?)\s+(?:down|up)$/iu,
  /^(?:(?:suggest|propose|list|give me|make|write|create|add|come up with|what are|think of)\s+)(?:me\s+)?(?:some |the |a few |possible |\d+ |more )?(?:sub-?tasks|steps|next steps|actions)\s+(?:for|of|to|needed for|under)\s+(.+)$/iu,
  /^(?:what (?:are the steps|do (?:i|we) need|is needed|steps)|how (?:do|should|can) (?:i|we))\s+(?:to do\s+)?(?:for|to)?\s*(.+)$/iu,
  /^help (?:me|us)(?: to)?\s+(?:plan|organi[sz]e|prepare|with|think through|get ready for|get started (?:on|with))\s+(?:for\s+)?(.+)$/iu,
  /^(?:make|create|draft|write|draw up|give me|come up with|suggest|propose)\s+(?:me\s+)?(?:a|the|some)?\s*(?:plan|outline|checklist|roadmap|list of (?:steps|tasks))\s+(?:for|to|of)\s+(.+)$/iu,
  /^(?:plan|outline)\s+(.+)$/iu,
];

/** "Plan it in a few steps": how, and no part of what. */
const IN_STEPS =
  /\s+(?:in|into|with)\s+(?:(?:a few|a couple of|some|several|\p{L}+|\d+)\s+)?(?:\p{L}+\s+)?(?:steps|stages)$/iu;

/** Acts in the world, and knowledge of it: an assistant for lists has neither. */
const WORLD_ACT =
  /^(?:book|order|buy|call|get|find|reserve|send|email|e-mail|text|message|phone|ring|pay|play|open|turn|set an? (?:alarm|timer)|drive|cook|translate|draw|sing|google|search the web|browse|download|post|tweet)\b.*\b(?:me|us|for me|for us|right now|immediately|at once|now)\b/iu;
const WORLD_SEND =
  /^(?:send|email|e-mail|text|message|phone|ring|call)\s+(?:an?\s+)?(?:e-?mail|message|text|sms)?\s*(?:to\s+)?\p{L}+.*\b(?:that|saying|asking)\b/iu;
const WORLD_QUESTION =
  /^(?:what|who|where|why|how|when|which|is|are|can|could|will|would|does|do|did|tell me|translate|calculate|explain|define|write (?:me )?(?:a|an)|play|sing)\b/iu;
const REPEAT = /^(?:repeat|make .+ (?:repeat|recurring))\b|\b(?:every (?:day|week|month|year))\b.*\b(?:repeat|recur)/iu;
const SHARE = /^(?:share (?:this|the|my|our|it)|invite|add .+ as (?:an? )?(?:member|editor|viewer|owner))\b/iu;

export function readTalk(text: string): Request | undefined {
  const clean = text.trim();
  if (HELP.test(clean)) return { kind: 'talk', topic: 'help' };
  if (GREETING.test(clean)) return { kind: 'talk', topic: 'greeting' };
  if (THANKS.test(clean) && clean.length < 60 && clean.split(/\s+/u).length <= 8)
    return { kind: 'talk', topic: 'thanks' };
  return undefined;
}

export function readBreakdown(text: string): Request | undefined {
  const clean = text.replace(/[.!?]+$/u, '').trim();
  for (const pattern of BREAKDOWN) {
    const phrase = pattern.exec(clean)?.[1]?.replace(IN_STEPS, '');
    if (phrase)
      return {
        kind: 'breakdown',
        phrase: taskPhrase(unquote(phrase) ?? phrase).replace(/^(?:an?|the|our|my|some)\s+/iu, ''),
      };
  }
  return undefined;
}

export function readUnable(text: string): Request | undefined {
  const clean = trimmed(text);
  if (REPEAT.test(clean)) return { kind: 'unable', reason: 'repeat' };
  if (SHARE.test(clean)) return { kind: 'unable', reason: 'share' };
  if (WORLD_ACT.test(clean) || WORLD_SEND.test(clean)) return { kind: 'unable', reason: 'world' };
  return undefined;
}

/** "Buy eggs tomorrow" on its own: to a list that is a task. A question never is. */
export function readBareTask(text: string, context: ReadingContext): Request | undefined {
  if (WORLD_QUESTION.test(text) || text.includes('?') || !startsWithVerb(text) || !/\s/u.test(text.trim()))
    return undefined;
  const items = splitItems(text)
    .map((part) => readItem(part, context))
    .filter(({ title }) => title !== '');
  return items.length > 0 ? { kind: 'add', items, under: null } : undefined;
}

export const nothingKnown = (text: string): Request => ({
  kind: 'unable',
  reason: WORLD_QUESTION.test(text) || text.includes('?') ? 'world' : 'unknown',
});
