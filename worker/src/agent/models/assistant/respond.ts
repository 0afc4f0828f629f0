import type { AgentInputItem } from '@openai/agents';
import { readConversation, type Conversation } from './conversation.ts';
import { needsNoList, planRequest } from './planning/plan-request.ts';
import type { Call, Plan } from './planning/plan.ts';
import { readRequests } from './reading/read-request.ts';
import type { ReadingContext } from './reading/request.ts';
import { joinPages, parseJson, type Snapshot } from './snapshot.ts';

/** One turn of the model: either calls or words. */
export type Turn = { calls: Call[] } | { text: string };

/** list_tasks gives at most this many at once. */
const PAGE = 200;

/**
 * What the assistant does next: it looks at the list, acts, and tells. It remembers nothing between turns: reading and
 * planning are pure, so each turn comes to the same plan from the same words and the same look at the list.
 */
export function respond(input: string | AgentInputItem[], fallback: { now: number; zone: string }): Turn {
  const conversation = readConversation(input);
  const blind = readRequests(conversation.said, contextOf(undefined, fallback));
  if (blind.every(needsNoList)) return { text: wordsOf(blind.map((request) => planRequest(request, NOWHERE, []))) };

  const looks = conversation.results.filter(({ name }) => name === 'list_tasks');
  if (looks.length === 0) return { calls: [look(0)] };
  const snapshot = joinPages(looks.map(({ text }) => text));
  if (!snapshot)
    return {
      text:
        failureOf(looks.map(({ text }) => text)) ??
        'I could not read this list, so I changed nothing. Please try again.',
    };
  if (looks.length === 1 && snapshot.total > PAGE) return { calls: pagesAfterFirst(snapshot.total) };

  const requests = readRequests(conversation.said, contextOf(snapshot, fallback));
  const plans = requests.map((request) => planRequest(request, snapshot, conversation.recent));
  const calls = plans.flatMap((plan) => plan.calls);
  const acted = conversation.results.filter(({ name }) => name !== 'list_tasks');
  if (acted.length === 0 && calls.length > 0) return { calls };
  return { text: report(plans, acted) };
}

const look = (offset: number): Call => ({
  name: 'list_tasks',
  args: {
    list: null,
    status: 'all',
    label: null,
    assignee: null,
    priority: null,
    dueFrom: null,
    dueTo: null,
    offset,
    limit: PAGE,
  },
});
const pagesAfterFirst = (total: number): Call[] =>
  Array.from({ length: Math.ceil(total / PAGE) - 1 }, (_, at) => look((at + 1) * PAGE));

const NOWHERE: Snapshot = { title: '', total: 0, tasks: [], members: [], labels: [], me: null, now: 0, zone: 'UTC' };

const contextOf = (snapshot: Snapshot | undefined, fallback: { now: number; zone: string }): ReadingContext => ({
  now: snapshot?.now ?? fallback.now,
  zone: snapshot?.zone ?? fallback.zone,
  isDayFirst: true,
  weekStart: 1,
  members: snapshot?.members.map((member) => member.name) ?? [],
  labels: snapshot?.labels ?? [],
});

const wordsOf = (plans: Plan[]): string => [...new Set(plans.map((plan) => plan.reply))].join('\n\n');

/** Each plan's words where its calls worked, and what stood in the way where they did not. */
function report(plans: Plan[], acted: Conversation['results']): string {
  let at = 0;
  const parts = plans.map((plan) => {
    const results = acted.slice(at, at + plan.calls.length).map(({ text }) => text);
    at += plan.calls.length;
    return failureOf(results) ?? plan.reply;
  });
  return [...new Set(parts)].join('\n\n');
}

/** A tool's refusal in words; undefined where all went well. */
function failureOf(texts: string[]): string | undefined {
  for (const text of texts) {
    const answer = parseJson(text);
    if (typeof answer !== 'object' || answer === null)
      return 'That did not work, and I do not know why. Please try again.';
    if (!('error' in answer)) continue;
    const { error } = answer;
    const message = typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';
    return `That did not work: ${message || 'the list refused it.'}`;
  }
  return undefined;
}
