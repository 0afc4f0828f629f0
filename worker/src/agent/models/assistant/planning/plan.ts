import type { ToolTask } from '@muster/domain/tools/tool';

/** A call of a tool, with its arguments as the tool takes them. */
export interface Call {
  name: string;
  args: Record<string, unknown>;
}

/** What comes of one request: calls to make, and what to say once they have worked. */
export interface Plan {
  calls: Call[];
  reply: string;
}

export const say = (reply: string): Plan => ({ calls: [], reply });
export const idsOf = (tasks: ToolTask[]): string[] => tasks.map((task) => task.id);

/** Tools take at most this many tasks in a call. */
const TASKS_IN_CALL = 100;

/** The same call over as many tasks as there are. */
export function inCalls<T>(things: T[], call: (chunk: T[]) => Call): Call[] {
  const calls: Call[] = [];
  for (let at = 0; at < things.length; at += TASKS_IN_CALL) calls.push(call(things.slice(at, at + TASKS_IN_CALL)));
  return calls;
}
