import { tool, type FunctionTool } from '@openai/agents';
import { TOOLS } from '@muster/domain/tools/registry';
import { toolSchema } from '@muster/domain/tools/tool-schema';
import type { ToolExecutor } from './tool-executor.ts';

const SCHEMAS = TOOLS.map((definition) => ({ definition, parameters: toolSchema(definition) }));

/** The answer to a call of a tool that does not exist, in the shape of the tools' own. */
export const unknownTool = (name: string): string =>
  JSON.stringify({
    error: {
      code: 'not_found',
      message: `There is no tool called ${name}. The tools are ${TOOLS.map((t) => t.name).join(', ')}.`,
    },
  });

/** The tools as the SDK wants them. Their results come from the log: the executor does a call once, whoever asks. */
export function bindTools(executor: ToolExecutor): FunctionTool[] {
  return SCHEMAS.map(({ definition, parameters }) =>
    tool({
      name: definition.name,
      description: definition.description,
      parameters: parameters as never,
      strict: true,
      // What a tool throws is no answer for the model: it ends the attempt.
      errorFunction: null,
      ...(definition.needsApproval
        ? {
            needsApproval: (_context: unknown, _args: unknown, callId?: string) => executor.needsApproval(callId ?? ''),
          }
        : {}),
      execute: (_args, _context, details) => executor.execute(details?.toolCall?.callId ?? ''),
    }),
  ) as FunctionTool[];
}
