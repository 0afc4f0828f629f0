import { findByWords } from '../finding/find-tasks.ts';
import type { Snapshot } from '../snapshot.ts';
import { quoted } from '../wording/phrasing.ts';
import { whichOne } from '../wording/questions.ts';
import { stepsFor } from './steps.ts';
import { say, type Plan } from './plan.ts';
import { asTitle } from '../reading/details.ts';

/** Breaks a task that is there into steps, or plans something new as a task with its steps. */
export function planBreakdown(phrase: string, snapshot: Snapshot): Plan {
  const { best } = findByWords(snapshot, phrase, 'open');
  const top = best.filter((task) => task.parentId === null);
  const [parent] = top;
  if (top.length > 1) return say(whichOne(phrase, top, 'break down'));
  const own = new Set(
    snapshot.tasks.filter((task) => task.parentId === parent?.id).map((task) => task.title.toLowerCase()),
  );
  const title = parent?.title ?? asTitle(phrase).slice(0, 500);
  const steps = stepsFor(parent?.title ?? phrase).filter((step) => !own.has(step.toLowerCase()));
  if (parent && steps.length === 0) {
    return say(
      `${quoted(parent.title)} has all the steps already that I would suggest. Tell me which are missing, and I add them.`,
    );
  }
  const isWholeList = !parent && title.toLowerCase() === snapshot.title.trim().toLowerCase();
  const children = steps.map((step) => ({
    title: step,
    notes: null,
    due: null,
    priority: null,
    labels: null,
    assignees: null,
  }));
  const tasks = children.map((child) => ({ ...child, children: null }));
  // A task that is called as its list would only stand between the two.
  if (isWholeList) {
    return {
      calls: [{ name: 'add_tasks', args: { list: null, tasks, parent: null, after: null } }],
      reply: `Planned ${quoted(snapshot.title)} in ${steps.length} steps. It is a common outline, so change what does not fit, and tell me dates or people to go with them.`,
    };
  }
  if (parent) {
    return {
      calls: [{ name: 'add_tasks', args: { list: null, tasks, parent: parent.id, after: null } }],
      reply: `Broke ${quoted(parent.title)} into ${steps.length} steps. Change what does not fit, and tell me dates or people to go with them.`,
    };
  }
  return {
    calls: [
      {
        name: 'add_tasks',
        args: { list: null, tasks: [{ ...children[0], title, children }], parent: null, after: null },
      },
    ],
    reply: `Made a plan, ${quoted(title)}, with ${steps.length} steps. It is a common outline, so change what does not fit, and tell me dates or people to go with them.`,
  };
}
