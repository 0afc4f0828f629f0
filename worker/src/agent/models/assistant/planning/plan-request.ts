import type { Request } from '../reading/request.ts';
import type { Snapshot } from '../snapshot.ts';
import { greeting, help, thanks, unable } from '../wording/talk.ts';
import { answerAbout, answerCount, answerFirst, answerShow, answerSummary } from './answer.ts';
import { planBreakdown } from './plan-breakdown.ts';
import { planAdd, planChange, planComplete, planDelete, planMove, planSchedule } from './plan-changes.ts';
import { say, type Plan } from './plan.ts';

/** What came up last in the conversation: ids of tasks, for "it" and "them". */
export type Recent = string[];

/** From what was asked and what is there to calls and words. Pure: the same request plans the same way again. */
export function planRequest(request: Request, snapshot: Snapshot, recent: Recent): Plan {
  switch (request.kind) {
    case 'add':
      return planAdd(request, snapshot);
    case 'complete':
      return planComplete(request, snapshot, recent);
    case 'change':
      return planChange(request, snapshot, recent);
    case 'schedule':
      return planSchedule(request, snapshot);
    case 'move':
      return planMove(request, snapshot, recent);
    case 'delete':
      return planDelete(request, snapshot, recent);
    case 'show':
      return say(answerShow(request, snapshot));
    case 'count':
      return say(answerCount(request, snapshot));
    case 'about':
      return say(answerAbout(request, snapshot));
    case 'first':
      return say(answerFirst(snapshot));
    case 'summary':
      return say(answerSummary(snapshot));
    case 'breakdown':
      return planBreakdown(request.phrase, snapshot);
    case 'talk':
      return say(request.topic === 'help' ? help() : request.topic === 'thanks' ? thanks() : greeting());
    case 'unable':
      return say(unable(request.reason));
  }
}

/** Whether a request can be answered without looking at the list. */
export const needsNoList = (request: Request): boolean => request.kind === 'talk' || request.kind === 'unable';
