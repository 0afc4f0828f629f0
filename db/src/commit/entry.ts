import { COMMAND_ARGS, isCommandName } from '@muster/protocol/commands';
import type { Condition } from '@muster/protocol/condition';
import { MusterError, parseOrThrow } from '@muster/protocol/error';
import type { ScopeId } from '@muster/protocol/id';
import type { ChangeActor } from '@muster/protocol/principal';
import type { Command } from '@muster/domain/command';
import { touchesOfConditions } from '@muster/domain/conditions';
import { INTERNAL_COMMANDS, type InternalCommandName } from '@muster/domain/internal-registry';
import { COMMANDS } from '@muster/domain/registry';
import type { Touch } from '@muster/domain/state';
import type { CommitOutcome, Submission } from './types.ts';

export interface ParsedCommand {
  command: Command<unknown>;
  args: unknown;
  base: number | undefined;
  ifStill: Condition[];
}

/** A submission on its way: parsed, with the scopes that it may change as far as they are known. */
export interface Entry {
  submission: Submission;
  /** Empty where `refusal` says why nothing is to be decided. */
  commands: ParsedCommand[];
  /** Decided before it could be decided: bad arguments, an unknown name, or what the database refused when alone. */
  refusal: MusterError | undefined;
  actor: ChangeActor;
  subject: string;
  isMembership: boolean;
  touches: Touch[];
  /** Where the touches led; undefined until they were followed. */
  scopes: ScopeId[] | undefined;
  acls: ScopeId[];
  /** How often it was started again. */
  tries: number;
  settle: (outcome: CommitOutcome) => void;
  fail: (error: unknown) => void;
}

type Registry = Record<string, Command<unknown> | undefined>;

function parseCommand(
  name: string,
  args: unknown,
  isTrusted: boolean,
): Pick<ParsedCommand, 'command' | 'args'> | MusterError {
  if (isCommandName(name)) {
    const command = (COMMANDS as unknown as Registry)[name] as Command<unknown>;
    try {
      return { command, args: parseOrThrow(COMMAND_ARGS[name], args) };
    } catch (error) {
      if (error instanceof MusterError) return error;
      throw error;
    }
  }
  if (isTrusted && Object.hasOwn(INTERNAL_COMMANDS, name)) {
    return { command: INTERNAL_COMMANDS[name as InternalCommandName] as Command<unknown>, args };
  }
  return new MusterError('invalid', 'There is no such command.', {
    faults: [{ path: 'name', message: 'is not a command of this version' }],
  });
}

/** Parses a submission; whatever is wrong with it becomes its refusal, since even a bad mutation takes its mid. */
export function parseSubmission(submission: Submission): Pick<Entry, 'commands' | 'refusal'> {
  const commands: ParsedCommand[] = [];
  for (const { name, args, base, ifStill = [] } of submission.commands) {
    const parsed = parseCommand(name, args, submission.trusted === true);
    if (parsed instanceof MusterError) return { commands: [], refusal: parsed };
    commands.push({ ...parsed, base, ifStill });
  }
  return { commands, refusal: undefined };
}

/** What an entry may change, as its commands name it; asked again where the actor turned out to be someone else. */
export function touchesOf(entry: Pick<Entry, 'commands' | 'subject' | 'submission'>): Touch[] {
  const { subject } = entry;
  const touches = entry.commands.flatMap(({ command, args, ifStill }) => [
    ...command.touches(args, { subject }),
    ...touchesOfConditions(ifStill, subject),
  ]);
  const { run } = entry.submission;
  // Guarded by its attempt: the run must not move on between the look at it and the commit.
  if (run?.attempt !== undefined) touches.push({ touch: 'holder', type: 'run', id: run.runId });
  return touches;
}
