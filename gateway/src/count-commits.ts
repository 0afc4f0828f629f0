import type { Commit, Submission } from '@muster/db/commit/types';
import { INTERNAL_COMMANDS } from '@muster/domain/internal-registry';
import { isCommandName } from '@muster/protocol/commands';
import { MusterError } from '@muster/protocol/error';
import type { Metrics } from '@muster/runtime/metrics';

/** Counts commands by name and outcome, and how long they take, whoever submits them. */
export function countCommits(commit: Commit, metrics: Metrics): Commit {
  const commands = metrics.counter('commands_total', 'Commands by outcome', ['name', 'outcome']);
  const duration = metrics.histogram('command_duration_seconds', 'From submission to outcome');
  const count = ({ commands: submitted }: Submission, outcome: string) => {
    for (const { name } of submitted) commands.inc({ name: labelOf(name), outcome });
  };
  const counted = async (submission: Submission) => {
    const end = duration.startTimer();
    try {
      const outcome = await commit(submission);
      count(submission, outcome.status === 'rejected' ? outcome.error.code : outcome.status);
      return outcome;
    } catch (fault) {
      count(submission, fault instanceof MusterError ? fault.code : 'internal');
      throw fault;
    } finally {
      end();
    }
  };
  return Object.assign(counted, { close: () => commit.close() });
}

/** Names come from clients: what is no command must not become a label. */
export const labelOf = (name: string): string =>
  isCommandName(name) || Object.hasOwn(INTERNAL_COMMANDS, name) ? name : 'unknown';
