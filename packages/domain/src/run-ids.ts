import { v5 } from 'uuid';

/** Ids that a client knows before the server does, so that a resend or a second worker makes the same ones. */
export const runIdOf = (messageId: string): string => v5('run', messageId);
/** The assistant message that item `n` of a run writes. */
export const messageIdOf = (runId: string, n: number): string => v5(String(n), runId);
