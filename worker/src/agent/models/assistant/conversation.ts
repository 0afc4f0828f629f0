import type { AgentInputItem } from '@openai/agents';
import { parseJson } from './snapshot.ts';

/** What the SDK hands a model of the conversation, as far as the assistant uses it. */
export interface Conversation {
  /** What the person asked last. */
  said: string;
  /** Results of this turn's calls, in order, with the name of their tool. */
  results: { name: string; callId: string; text: string }[];
  /** Ids of the tasks that the last turns touched, the latest call's only: what "it" and "them" mean. */
  recent: string[];
}

export function readConversation(input: string | AgentInputItem[]): Conversation {
  if (typeof input === 'string') return { said: input, results: [], recent: [] };
  const at = input.findLastIndex((item) => 'role' in item && item.role === 'user');
  const asked = input[at];
  const results = input.slice(at + 1).flatMap(resultOf);
  const earlier = input
    .slice(0, Math.max(at, 0))
    .flatMap(resultOf)
    .filter(({ name }) => name !== 'list_tasks');
  return { said: asked ? textOf(asked) : '', results, recent: tasksIn(earlier.at(-1)?.text) };
}

function resultOf(item: AgentInputItem): Conversation['results'] {
  // A handoff leaves a result too; it is nobody's answer.
  if (item.type !== 'function_call_result' || item.name.startsWith('transfer_to_')) return [];
  return [{ name: item.name, callId: item.callId, text: outputText(item.output) }];
}

function outputText(output: unknown): string {
  if (typeof output === 'string') return output;
  if (Array.isArray(output)) return output.map(outputText).join('');
  return typeof output === 'object' && output !== null && 'text' in output && typeof output.text === 'string'
    ? output.text
    : '';
}

function textOf(item: AgentInputItem): string {
  if (!('content' in item)) return '';
  const { content } = item;
  if (typeof content === 'string') return content;
  return Array.isArray(content)
    ? content.map((part) => ('text' in part && typeof part.text === 'string' ? part.text : '')).join('\n')
    : '';
}

function tasksIn(text: string | undefined): string[] {
  const answer = text === undefined ? undefined : parseJson(text);
  const tasks =
    typeof answer === 'object' && answer !== null && 'tasks' in answer && Array.isArray(answer.tasks)
      ? answer.tasks
      : [];
  return tasks.flatMap((task: unknown) =>
    typeof task === 'object' && task !== null && 'id' in task && typeof task.id === 'string' ? [task.id] : [],
  );
}
