import type { CommandArgs } from '@muster/protocol/commands';
import { scopeOf } from '@muster/protocol/id';
import { LIMITS } from '@muster/protocol/limits';
import type { Run } from '@muster/protocol/run';
import type { Message } from '@muster/protocol/thread';
import { reject, type Command } from '../command.ts';
import { requireRole } from '../permissions.ts';
import { runIdOf } from '../run-ids.ts';

/** The message and the run that will answer it: one transaction, one change. */
export const messageSend: Command<CommandArgs<'message.send'>> = {
  name: 'message.send',
  optimistic: true,
  touches: ({ threadId }) => [{ touch: 'scope', scope: scopeOf('thread', threadId) }],
  reads: ({ id, threadId }) => [
    { need: 'entity', type: 'message', id },
    { need: 'all', scope: scopeOf('thread', threadId), type: 'run' },
  ],
  decide(state, { id, threadId, text, zone, locale, fileIds }, { subject, now }) {
    const scope = scopeOf('thread', threadId);
    requireRole(state, scope, 'editor');
    if (state.isTaken('message', id)) reject('conflict', 'This id is taken.');
    if (fileIds && fileIds.length > 0) {
      const message = 'There is no such file.';
      reject('invalid', message, { faults: [{ path: 'fileIds.0', message }] });
    }
    if (state.all(scope, 'run').length >= LIMITS.queuedRunsInThread) {
      reject('limit_reached', 'The agent has too many messages waiting here. Let it answer first.');
    }
    const runId = runIdOf(id);
    const message: Message = {
      role: 'user',
      authorId: subject,
      parts: [{ type: 'text', text }],
      text,
      parentId: null,
      runId,
      fileIds: [],
      createdAt: now,
    };
    const run: Run = {
      messageId: id,
      askerId: subject,
      status: 'queued',
      attempt: 0,
      error: null,
      startedAt: null,
      endedAt: null,
    };
    return {
      effects: [
        { scope, effect: { op: 'put', type: 'message', id, value: message } },
        { scope, effect: { op: 'put', type: 'run', id: runId, value: run } },
      ],
      runColumns: [{ runId, ...(zone ? { zone } : {}), ...(locale ? { locale } : {}) }],
      hints: [{ hint: 'run', runId, attempt: 0 }],
      result: { messageId: id, runId },
    };
  },
};
