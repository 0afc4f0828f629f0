import type { SubmittedCommand } from '@muster/db/commit/types';
import type { CommandArgs, CommandName } from '@muster/protocol/commands';
import { MusterError } from '@muster/protocol/error';
import type { InternalCommandArgs, InternalCommandName } from '@muster/domain/internal-registry';
import { v5, v7 } from 'uuid';
import type { GatewayContext } from '../gateway-context.ts';
import type { Identity } from '../auth/identity-types.ts';
import type { Idempotency } from './define-route.ts';

/** Commits commands of one request as one. @returns the commands' own results */
export type Submit = (
  request: { identity: Identity; idempotency?: Idempotency | undefined },
  commands: SubmittedCommand[],
  options?: { isTrusted?: boolean },
) => Promise<unknown[]>;

export const command = <N extends CommandName>(name: N, args: CommandArgs<N>): SubmittedCommand => ({ name, args });
/** A command that only the server gives: its caller has parsed what came from outside. */
export const internalCommand = <N extends InternalCommandName>(
  name: N,
  args: InternalCommandArgs<N>,
): SubmittedCommand => ({
  name,
  args,
});

export function createSubmit({ commit, sendHints }: Pick<GatewayContext, 'commit' | 'sendHints'>): Submit {
  return async ({ identity, idempotency }, commands, { isTrusted = false } = {}) => {
    const outcome = await commit({
      actor: { id: identity.userId, kind: identity.kind },
      commands,
      ...(idempotency ? { idempotency } : {}),
      ...(isTrusted ? { trusted: true } : {}),
    });
    switch (outcome.status) {
      case 'applied':
        sendHints(outcome.hints);
        return outcome.results;
      case 'rejected':
        throw outcome.error;
      case 'duplicate':
        if (outcome.first.status === 'rejected') {
          throw new MusterError(outcome.first.code, outcome.first.message, outcome.first.details);
        }
        return outcome.results;
      case 'key_reused':
        throw keyReused();
      case 'cloned':
      case 'out_of_order':
        throw new MusterError('internal', `HTTP has no mids, yet commit answered ${outcome.status}.`);
    }
  };
}

export const keyReused = (): MusterError =>
  new MusterError('conflict', 'This Idempotency-Key was used for another request.');

/**
 * The id of what a POST makes: the client's own; else one that follows from the key, so that a repeat names the same
 * thing; else a new one.
 */
export const idFor = (
  { identity, idempotency }: { identity: Identity; idempotency: Idempotency | undefined },
  given: string | undefined,
): string => given ?? (idempotency ? v5(`${idempotency.bodyHash}:${idempotency.key}`, identity.userId) : v7());
