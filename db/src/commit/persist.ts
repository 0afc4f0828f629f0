import type { AclWrite } from '@muster/domain/command';
import { toRow } from '../mappers.ts';
import type { Batch } from './decide.ts';
import { textArray } from './flight.ts';
import { touchedTasks } from './touched-tasks.ts';

/** Old silent answers go about once in so many new ones: reading them all for each costs more than they weigh. */
const SILENT_PER_PRUNING = 32;

type Rows = Record<string, unknown[]>;

/** Rows by section and table, for commit_persist_more; undefined where there are none. */
class More {
  readonly #sections = new Map<string, Rows>();

  add(section: 'insert' | 'update' | 'delete', table: string, row: unknown): void {
    let tables = this.#sections.get(section);
    if (!tables) this.#sections.set(section, (tables = {}));
    (tables[table] ??= []).push(row);
  }

  toJson(): string | null {
    return this.#sections.size === 0 ? null : JSON.stringify(Object.fromEntries(this.#sections));
  }
}

/** The arguments of commit_persist, in its order; undefined where the batch changed nothing at all. */
export function persistArguments(batch: Batch): (string | null)[] | undefined {
  const more = moreArgument(batch);
  const clients = clientRows(batch);
  if (batch.changes.length === 0 && clients.length === 0 && more === null) return undefined;
  return [jsonOf(scopeRows(batch)), jsonOf(clients), ...rowArguments(batch), more];
}

/** Of these, those that a commit in one flight has too: changes, new tasks and old ones. */
export function rowArguments(batch: Batch): (string | null)[] {
  const { inserted, updated } = taskRows(batch);
  return [jsonOf(batch.changes.map(changeRow)), jsonOf(inserted), jsonOf(updated)];
}

/** What few batches write: all but tasks, changes, heads and mids. Null for none. */
export function moreArgument(batch: Batch): string | null {
  const { overlay, facts } = batch;
  const more = new More();
  for (const transaction of batch.transactions) {
    for (const id of transaction.newAcls) more.add('insert', 'acl', { id });
    for (const write of transaction.aclWrites) addAclWrite(more, write);
    for (const { runId, zone, locale, stopRequestedBy, model, usage } of transaction.runColumns) {
      more.add('update', 'runColumns', { id: runId, zone, locale, stop_requested_by: stopRequestedBy, model, usage });
    }
    for (const { scope, reason, to } of transaction.gone) {
      more.add('update', 'scope', { id: scope, gone: reason, gone_to: to ?? null, gone_at: facts.now });
      if (reason === 'deleted' && overlay.scopes.get(scope)?.acl === scope) more.add('update', 'goneAcls', scope);
    }
  }
  for (const [acl, epoch] of overlay.epochs) {
    if (!overlay.created.has(acl)) more.add('update', 'acl', { id: acl, epoch });
  }
  addEntities(more, batch);
  addReceipts(more, batch);
  for (const [id, { acl, head, headAt, size }] of overlay.scopes) {
    if (!overlay.created.has(id)) continue;
    const kind = id.slice(0, id.indexOf(':'));
    more.add('insert', 'scope', { id, kind, acl_id: acl, head_seq: head, head_at: headAt, size });
  }
  for (const [id, known] of facts.clients) {
    const { lastMid, silent } = overlay.clients.get(id) ?? known;
    if (silent === null) continue;
    const isPruning = Math.random() * SILENT_PER_PRUNING < Object.keys(silent).length;
    more.add('update', 'silent', [id, lastMid, silent, isPruning]);
  }
  return more.toJson();
}

/** Clients that took fewer mids in the end than the load wrote. */
export function clientRows({ facts, overlay }: Batch): [id: string, lastMid: number][] {
  const rows: [string, number][] = [];
  for (const [id, known] of facts.clients) {
    const { lastMid, storedMid } = overlay.clients.get(id) ?? known;
    if (lastMid !== storedMid) rows.push([id, lastMid]);
  }
  return rows;
}

const scopeRows = ({ overlay }: Batch): unknown[] =>
  [...overlay.scopes]
    .filter(([id]) => !overlay.created.has(id))
    .map(([id, { head, headAt, size }]) => [id, head, headAt, size]);

const jsonOf = (rows: unknown[]): string | null => (rows.length === 0 ? null : JSON.stringify(rows));

/** commit_persist's columns of a change, in its order. */
function changeRow({ scope, aclEpoch, change, prev, entry: { submission } }: Batch['changes'][number]): unknown[] {
  const { seq, txnId, actor, clientId, mid, runId, effects, overwrote, at } = change;
  const touched = touchedTasks(effects, prev);
  return [
    ...[scope, seq, txnId, actor.id, actor.for, clientId, mid, submission.client?.nonce, runId, submission.run?.callId],
    ...[aclEpoch, submission.commands[0]?.base, effects, prev, overwrote, at, touched && textArray(touched)],
  ];
}

/** commit_persist's columns of a task, in its order. */
function taskRows({ overlay, facts }: Batch): { inserted: unknown[]; updated: unknown[] } {
  const inserted: unknown[] = [];
  const updated: unknown[] = [];
  for (const { task, deletedAt, deletedTxn, fieldSeq } of overlay.tasks.values()) {
    const { parentId, title, notes, done, doneAt, due, priority, assigneeIds, labelIds, pos, createdAt, createdBy } =
      task.value;
    const row = [
      ...[task.id, task.scope, parentId, title, notes, done, doneAt, due, priority, assigneeIds, labelIds, pos],
      ...[createdAt, createdBy, deletedAt, deletedTxn, fieldSeq],
    ];
    (facts.tasks.get(task.id) ? updated : inserted).push(row);
  }
  return { inserted, updated };
}

function addEntities(more: More, { overlay, facts }: Batch): void {
  for (const [key, after] of overlay.entities) {
    const before = facts.entities.get(key) ?? null;
    const stored = after ?? before;
    if (!stored) continue;
    const section = after === null ? 'delete' : before === null ? 'insert' : 'update';
    if (stored.type === 'member') {
      const { role } = stored.value as { role: string };
      more.add(section, 'acl_grant', { acl_id: stored.scope, subject: stored.id, role });
    } else {
      more.add(section, stored.type, toRow(stored, facts.now));
    }
  }
}

/** What makes a repeat find its first result: the rows of idempotency keys and of tool calls. */
function addReceipts(more: More, batch: Batch): void {
  const at = batch.facts.now;
  for (const { entry, outcome } of batch.idempotency) {
    const { key, bodyHash } = entry.submission.idempotency as { key: string; bodyHash: string };
    const { results, seqs } = outcome;
    more.add('insert', 'idempotency', { subject: entry.subject, key, body_hash: bodyHash, results, seqs, at });
  }
  for (const { entry, outcome } of batch.toolCalls) {
    const { commands, run } = entry.submission;
    more.add('insert', 'tool_call', {
      run_id: run?.runId,
      call_id: run?.callId,
      name: commands.map(({ name }) => name).join(' '),
      args: commands.map(({ args }) => args),
      result: outcome.results,
      seqs: outcome.seqs,
      attempt: run?.attempt ?? null,
      at,
    });
  }
}

function addAclWrite(more: More, write: AclWrite): void {
  switch (write.write) {
    case 'bump':
      return;
    case 'invite': {
      const { acl, id, email, role, invitedBy, expiresAt, takenAt } = write;
      return more.add('insert', 'invitation', {
        id,
        acl_id: acl,
        email,
        role,
        invited_by: invitedBy,
        expires_at: expiresAt,
        taken_at: takenAt ?? null,
      });
    }
    case 'link': {
      const { acl, id, role, secretHash, secretSealed, expiresAt, createdBy } = write;
      return more.add('insert', 'link', {
        id,
        acl_id: acl,
        role,
        secret_hash: secretHash,
        secret_sealed: secretSealed,
        expires_at: expiresAt,
        created_by: createdBy,
      });
    }
    case 'takeInvitation':
    case 'revokeInvitation':
      return more.add('update', write.write, write.invitationId);
    case 'useLink':
    case 'revokeLink':
      return more.add('update', write.write, write.linkId);
    case 'revokeWaysBack':
      return more.add('update', write.write, [write.acl, write.principal]);
    case 'merge':
      return more.add('update', write.write, [write.guest, write.heir]);
  }
}
