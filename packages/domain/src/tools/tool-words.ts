import * as z from 'zod/mini';
import { findTool } from './registry.ts';
import type { ToolAnswer } from './tool.ts';

/** What a card shows of a call. */
export interface ToolWords {
  /** One sentence: what is going on, what was done, or why not. */
  text: string;
  state: 'running' | 'done' | 'failed';
}

const failure = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
const answer = z.looseObject({
  list: z.looseObject({ id: z.string(), title: z.string() }),
  tasks: z.array(z.looseObject({ id: z.string(), title: z.string() })),
});

/**
 * A card's sentence for any stored call, also for one by a tool or with arguments that this version does not know.
 *
 * @param args the tool_call item's arguments
 * @param resultText the tool_result item's text; undefined while the call runs
 */
export function toolWords(name: string, args: unknown, resultText: string | undefined): ToolWords {
  const tool = findTool(name);
  const title = tool?.title ?? name;
  if (resultText === undefined) return { text: title, state: 'running' };
  const result = parseJson(resultText);
  const failed = z.safeParse(failure, result);
  if (failed.success) return { text: failed.data.error.message, state: 'failed' };
  const done = z.safeParse(answer, result);
  const parsedArgs = tool && z.safeParse(tool.args, args);
  if (!tool || !parsedArgs?.success || !done.success) return { text: title, state: 'done' };
  return { text: tool.describe(parsedArgs.data, done.data as unknown as ToolAnswer), state: 'done' };
}

/** What a card asks of a call that waits for somebody to agree. */
export function approvalWords(name: string, args: unknown): string {
  const tool = findTool(name);
  const parsed = tool?.ask && z.safeParse(tool.args, args);
  return tool?.ask && parsed?.success ? tool.ask(parsed.data) : `${tool?.title ?? name}: may this happen?`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
