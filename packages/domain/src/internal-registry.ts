import type { Command } from './command.ts';
import { erasureEnd, erasureForget, erasureLeave } from './commands/erasure.ts';
import { guestMerge } from './commands/guest.ts';
import { invitationRevoke, invitationTake, linkAccept, linkCreate, linkRevoke } from './commands/link.ts';
import { runClaim, runDecide, runEnd, runItem, runRequeue, runStop } from './commands/run.ts';
import { listRebalance } from './commands/upkeep.ts';

/** What only servers submit: its arguments are trusted and have types instead of schemas. */
export const INTERNAL_COMMANDS = {
  'run.claim': runClaim,
  'run.item': runItem,
  'run.requeue': runRequeue,
  'run.end': runEnd,
  'run.stop': runStop,
  'run.decide': runDecide,
  'link.create': linkCreate,
  'link.revoke': linkRevoke,
  'link.accept': linkAccept,
  'invitation.take': invitationTake,
  'invitation.revoke': invitationRevoke,
  'guest.merge': guestMerge,
  'erasure.leave': erasureLeave,
  'erasure.forget': erasureForget,
  'erasure.end': erasureEnd,
  'list.rebalance': listRebalance,
} as const;

export type InternalCommandName = keyof typeof INTERNAL_COMMANDS;
export type InternalCommandArgs<N extends InternalCommandName> =
  (typeof INTERNAL_COMMANDS)[N] extends Command<infer Args> ? Args : never;
