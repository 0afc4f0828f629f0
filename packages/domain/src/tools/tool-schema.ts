import * as z from 'zod/mini';
import type { Tool } from './tool.ts';

/** A strict JSON schema: every property required, none besides. */
export interface ToolSchema {
  type: 'object';
  properties: Record<string, unknown>;
  required: string[];
  additionalProperties: false;
}

/**
 * A tool's arguments as the JSON schema that models and MCP clients get. Lengths and patterns are left out: providers
 * refuse some of them in strict schemas, and the tool checks its arguments itself.
 */
export function toolSchema(tool: Tool): ToolSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(tool.args, { io: 'input', target: 'draft-7', override: dropChecks });
  return schema as unknown as ToolSchema;
}

const CHECKS = [
  'minLength',
  'maxLength',
  'pattern',
  'format',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'minItems',
  'maxItems',
];

function dropChecks({ jsonSchema }: { jsonSchema: Record<string, unknown> }): void {
  for (const check of CHECKS) delete jsonSchema[check];
}
