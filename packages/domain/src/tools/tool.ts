import type { ErrorCode } from '@muster/protocol/error';
import type { Stored } from '@muster/protocol/entity';
import type { Role } from '@muster/protocol/principal';
import type { Touched } from '@muster/protocol/run';
import type { Task } from '@muster/protocol/task';
import type * as z from 'zod/mini';

/**
 * A task as tools return it to a model: ids stay, what they mean stands beside them. Dates as in the protocol's `due`.
 * This is also all that the built-in assistant ever sees of a list.
 */
export interface ToolTask {
  id: string;
  title: string;
  notes: string;
  /** Long notes are cut in a long list; a task asked for alone has them whole. */
  notesCut?: true;
  done: boolean;
  due: Task['due'];
  priority: Task['priority'];
  /** Names, as in the list's labels. */
  labels: string[];
  /** Display names of members. */
  assignees: string[];
  parentId: string | null;
  createdAt: number;
  doneAt: number | null;
}

export interface ToolMember {
  id: string;
  name: string;
  role: Role;
}

/** A list as one tool call read it: one transaction, with the asker's rights. Tasks stand in their order. */
export interface ToolList {
  id: string;
  title: string;
  /** The list's seq at the read: what the call knew when it wrote. */
  seq: number;
  tasks: Stored<'task'>[];
  labels: Stored<'label'>[];
  members: ToolMember[];
}

/** What a tool may know beside its arguments. */
export interface ToolContext {
  list: ToolList;
  /** Whose rights count, and who "me" is. */
  askerId: string;
  /** Milliseconds since 1970. */
  now: number;
  /** The asker's time zone: a time without one is meant there. */
  zone: string;
  /** Ids for what the call makes: the same ones in the same order when a call is repeated, so that it happens once. */
  newId(): string;
}

/** A command that a tool gives. */
export interface ToolCommand {
  name: string;
  args: Record<string, unknown>;
  /** The task whose fields it overwrites: `base` is the seq at which the model last saw that task. */
  overwrites?: string;
}

/** What a call comes to: commands to commit as one, and the answer that holds once they are. */
export interface ToolPlan {
  commands: ToolCommand[];
  answer: ToolAnswer;
  /** For the card: what is read or changed, in order. */
  touched: Touched[];
}

/** What a tool returns to the model, as one JSON object. */
export interface ToolAnswer {
  list: { id: string; title: string; seq: number };
  tasks: ToolTask[];
  [more: string]: unknown;
}

/** What a tool returns where it did nothing. */
export interface ToolError {
  error: { code: ErrorCode; message: string };
}

export interface ToolResult {
  /** For the model: one JSON object. */
  text: string;
  /** For the card: what was read or changed, in order. */
  touched: Touched[];
}

/** One tool: the worker gives it to the SDK, the gateway offers it over MCP, the page knows its card. */
export interface Tool<Args = unknown> {
  name: string;
  /** What a person reads on the card while it runs: "Adding tasks". */
  title: string;
  /** What the model reads. */
  description: string;
  /** Optional is written as nullable: strict schemas want every property. */
  args: z.core.$ZodType<Args>;
  risk: 'read' | 'write' | 'destructive';
  /**
   * Arguments to commands, with nothing read but `context`.
   * @throws {MusterError} a named refusal, which the model reads
   */
  plan(args: Args, context: ToolContext): ToolPlan;
  /** Whether somebody must agree before this plan is carried out. Left out: never. */
  needsApproval?(plan: ToolPlan): boolean;
  /** What they are then asked: "Delete 12 tasks?" */
  ask?(args: Args): string;
  /** What a person reads on the card once it is done: "Added 6 tasks to Trip". */
  describe(args: Args, answer: ToolAnswer): string;
}

/** Keeps a tool's argument type while it is written, and forgets it in the registry. */
export const defineTool = <Args>(tool: Tool<Args>): Tool => tool as unknown as Tool;
