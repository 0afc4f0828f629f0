import type { FirstAnswer } from '@muster/protocol/client-events';
import type { PendingMutation } from './types.ts';

/** What one tab tells the others. Nonces, never mids: a client that renews counts again from 1. */
export type TabNews =
  /** Shown and not on disk yet: its mid does not count. */
  | { news: 'made'; mutation: PendingMutation }
  | { news: 'queued'; mutation: PendingMutation }
  /** By the server under this log; a page of an older version does not say. */
  | { news: 'answered'; nonce: string; first: FirstAnswer; logEpoch?: string }
  /** Asked for by a tab that had not heard: answered under this log, and gone from the queue. */
  | { news: 'left'; nonces: string[]; logEpoch: string }
  | { news: 'voided'; nonces: string[] }
  | { news: 'renewed' }
  | { news: 'user' };
