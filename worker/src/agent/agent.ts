import { Agent, MaxTurnsExceededError, Runner, type AgentInputItem, type Model } from '@openai/agents';
import { bindTools, unknownTool } from './bind-tools.ts';
import type { ToolExecutor } from './tool-executor.ts';

/** Turns of one attempt: enough for long work, and an end for a model that runs in circles. */
export const MAX_TURNS = 24;

/**
 * Lets the SDK's agent work until it has answered. Words, calls and results are recorded by the model and the tools that
 * it is given; nothing of it is read from the SDK's own events.
 *
 * @returns `approval` where calls wait for somebody to agree, and all others are done; `turns` where it was still working after {@link MAX_TURNS}
 * @throws what the model threw, or a tool that could not even answer with an error
 */
export async function runAgent({
  model,
  executor,
  instructions,
  input,
  signal,
}: {
  model: Model;
  executor: ToolExecutor;
  instructions: string;
  input: AgentInputItem[];
  signal: AbortSignal;
}): Promise<'answered' | 'turns' | 'approval'> {
  const agent = new Agent({ name: 'Assistant', instructions, tools: bindTools(executor), model });
  const runner = new Runner({
    tracingDisabled: true,
    traceIncludeSensitiveData: false,
    toolNotFoundBehavior: 'return_error_to_model',
    toolErrorFormatter: ({ kind, toolName }) => (kind === 'tool_not_found' ? unknownTool(toolName) : undefined),
    toolExecution: { maxFunctionToolConcurrency: 1 },
  });
  try {
    const result = await runner.run(agent, input, { stream: true, signal, maxTurns: MAX_TURNS });
    for await (const _event of result) {
      // Drained only: what happens is recorded where it happens.
    }
    await result.completed;
    // Its own state is not kept: the log holds the calls that wait, and the next attempt goes on from it.
    return result.interruptions.length > 0 ? 'approval' : 'answered';
  } catch (error) {
    if (error instanceof MaxTurnsExceededError) return 'turns';
    throw error;
  }
}
