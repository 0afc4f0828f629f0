import type { PendingMutation } from './types.ts';

/** What storage keeps of a mutation, and nothing else that came with it. */
export const toPending = ({
  mid,
  nonce,
  name,
  args,
  base,
  ifStill,
  queuedAt,
  seqs,
  isOfferedAgain,
}: PendingMutation): PendingMutation => ({
  mid,
  nonce,
  name,
  args,
  base,
  ...(ifStill ? { ifStill } : {}),
  queuedAt,
  seqs,
  ...(isOfferedAgain ? { isOfferedAgain } : {}),
});
