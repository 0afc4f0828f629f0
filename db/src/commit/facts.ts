import type { FirstAnswer } from '@muster/protocol/client-events';
import type { EntityType, Stored } from '@muster/protocol/entity';
import type { ScopeId } from '@muster/protocol/id';
import type { ChangeActor, Role } from '@muster/protocol/principal';
import type { Invite } from '@muster/domain/state';
import { memberOf, toStored, type PlainType } from '../mappers.ts';
import { toTaskRecord, type TaskColumns, type TaskRecord } from './task-record.ts';
import type { LoadKey, Wants } from './wants.ts';

export interface ScopeRecord {
  acl: ScopeId;
  head: number;
  headAt: number;
  size: number;
  isGone: boolean;
}

export interface ClientRecord {
  principal: string;
  lastMid: number;
  /** What the row says already, in this transaction. */
  storedMid: number;
  /** Of this batch's mids those that leave no change row: [nonce, first answer]. */
  silent: Record<string, [string, FirstAnswer]> | null;
}

type Answers = Partial<Record<LoadKey | 'silent', unknown[] | null>>;

export const entityKey = (type: EntityType, id: string, scope?: ScopeId): string =>
  type === 'member' || type === 'membership' ? `${type}|${scope}|${id}` : `${type}|${id}`;
export const pairKey = (a: string, b: string): string => `${a}|${b}`;
/** A field of an entity in a scope; `*` where it is about all of it. */
export type AuthorKey = [scope: string, type: string, id: string, field: string];
export const authorKey = (key: AuthorKey): string => key.join('|');

/** A stretch of a list's order in which the database has no key: both ends excluded, null being the end of the list. */
export type Gap = [from: string | null, to: string | null];

/**
 * What the database was found to hold, absence included, at the time of the load and under its locks. Nothing here
 * changes as commands are decided: that is the overlay's.
 */
export class Facts {
  now = 0;
  logEpoch = '';
  readonly scopes = new Map<string, ScopeRecord | null>();
  readonly epochs = new Map<string, number>();
  readonly clients = new Map<string, ClientRecord>();
  /** Guests and whom they became; null for whoever is still themselves. */
  readonly merged = new Map<string, string | null>();
  /** Effective roles, by acl and subject. */
  readonly roles = new Map<string, Role | null>();
  readonly tasks = new Map<string, TaskRecord | null>();
  readonly entities = new Map<string, Stored | null>();
  /** Ids of all of a type in a scope, by type and scope. */
  readonly all = new Map<string, string[]>();
  /** Ids of sub-tasks, live and deleted. */
  readonly children = new Map<string, string[]>();
  readonly gaps = new Map<string, Gap[]>();
  readonly lastPos = new Map<string, string | null>();
  readonly lastMembership = new Map<string, string | null>();
  readonly accounts = new Map<string, string | null>();
  readonly links = new Map<string, Invite | null>();
  readonly invitations = new Map<string, Invite | null>();
  /** By client and mid: what was answered first. */
  readonly answers = new Map<string, { nonce: string; first: FirstAnswer } | null>();
  readonly idempotency = new Map<
    string,
    { bodyHash: string; results: unknown[]; seqs: Record<string, number> } | null
  >();
  readonly toolCalls = new Map<string, { results: unknown[]; seqs: Record<string, number> } | null>();
  /** Who last wrote a field, by {@link authorKey}; null where the log does not say any more. */
  readonly authors = new Map<string, ChangeActor | null>();

  /** Takes in what was asked and what came back: what did not come is absent. */
  learn(wants: Wants, answers: Answers): void {
    for (const [key, items] of wants.entries()) this.#learnKey(key, items, answers[key] ?? []);
    for (const [client, mid, [nonce, first]] of (answers.silent ?? []) as [string, number, [string, FirstAnswer]][]) {
      this.answers.set(pairKey(client, String(mid)), { nonce, first });
    }
  }

  learnTasks(ids: Iterable<string>, rows: unknown[] | null): void {
    for (const id of ids) if (!this.tasks.has(id)) this.tasks.set(id, null);
    for (const row of rows ?? []) {
      const record = toTaskRecord(row as TaskColumns);
      this.tasks.set(record.task.id, record);
    }
  }

  learnLast(rows: unknown[] | null): void {
    for (const [scope, last] of (rows ?? []) as [string, string | null][]) {
      this.lastPos.set(scope, last);
      this.#addGap(scope, [last, null]);
    }
  }

  learnScopes(ids: Iterable<string>, rows: unknown[] | null): void {
    for (const id of ids) this.scopes.set(id, null);
    for (const [id, acl, head, headAt, size, gone] of (rows ?? []) as [
      string,
      ScopeId,
      number,
      number,
      number,
      string | null,
    ][]) {
      this.scopes.set(id, { acl, head, headAt, size, isGone: gone !== null });
    }
  }

  learnRoles(pairs: Iterable<[string, string]>, rows: unknown[] | null): void {
    for (const [acl, subject] of pairs) this.roles.set(pairKey(acl, subject), null);
    for (const [acl, subject, role] of (rows ?? []) as [string, string, Role | null][]) {
      this.roles.set(pairKey(acl, subject), role);
    }
  }

  #addGap(scope: string, gap: Gap): void {
    const gaps = this.gaps.get(scope);
    if (gaps) gaps.push(gap);
    else this.gaps.set(scope, [gap]);
  }

  #learnKey(key: LoadKey, asked: unknown[], rows: unknown[]): void {
    const ids = asked as string[];
    switch (key) {
      case 'tasks':
        return this.learnTasks(ids, rows);
      case 'allTasks':
        this.learnTasks([], rows);
        return this.#learnAll(
          'task',
          ids,
          (rows as unknown[][]).map((row) => ({ id: row[0] as string, scope: row[1] as string })),
        );
      case 'children': {
        this.learnTasks([], rows);
        for (const id of ids) this.children.set(id, []);
        for (const row of rows as unknown[][]) this.children.get(row[2] as string)?.push(row[0] as string);
        return;
      }
      case 'last':
        return this.learnLast(rows);
      case 'next':
      case 'after':
        for (const [scope, from, to] of rows as [string, string | null, string | null][])
          this.#addGap(scope, [from, to]);
        return;
      case 'merged':
        for (const id of ids) this.merged.set(id, null);
        for (const [guest, heir] of rows as [string, string][]) this.merged.set(guest, heir);
        return;
      case 'scopes':
        return this.learnScopes(ids, rows);
      case 'roles':
        return this.learnRoles(asked as [string, string][], rows);
      case 'member':
      case 'allMember': {
        for (const one of asked) {
          if (key === 'member') this.#absent('member', one as [string, string]);
        }
        const members = (rows as [string, string, string][]).map((row) => memberOf(...row));
        for (const member of members) this.#keep(member);
        if (key === 'allMember') this.#learnAll('member', ids, members);
        return;
      }
      case 'membership':
        for (const one of asked) this.#absent('membership', one as [string, string]);
        return this.#keepRows('membership', rows);
      case 'run_item':
        for (const [runId, n] of asked as [string, number][])
          this.entities.set(entityKey('run_item', `${runId}:${n}`), null);
        return this.#keepRows('run_item', rows);
      case 'list':
      case 'label':
      case 'thread':
      case 'message':
      case 'run':
      case 'settings':
        for (const id of ids) this.entities.set(entityKey(key, id), null);
        return this.#keepRows(key, rows);
      case 'allLabel':
        return this.#learnAll('label', ids, this.#keepAll('label', rows));
      case 'allThread':
        return this.#learnAll('thread', ids, this.#keepAll('thread', rows));
      case 'allMembership':
        return this.#learnAll('membership', ids, this.#keepAll('membership', rows));
      case 'allRun':
        return this.#learnAll('run', ids, this.#keepAll('run', rows));
      case 'items': {
        this.#keepAll('run_item', rows);
        for (const id of ids) this.all.set(pairKey('run_item', id), []);
        for (const row of rows as { run_id: string; n: number }[]) {
          this.all.get(pairKey('run_item', row.run_id))?.push(`${row.run_id}:${row.n}`);
        }
        return;
      }
      case 'lastMembership':
        for (const [scope, pos] of rows as [string, string | null][]) this.lastMembership.set(scope, pos);
        return;
      case 'account': {
        for (const [email, acl] of asked as [string, string][]) this.accounts.set(pairKey(email, acl), null);
        for (const [email, acl, id, role, pos] of rows as [string, string, string, string | null, string | null][]) {
          this.accounts.set(pairKey(email, acl), id);
          this.entities.set(entityKey('member', id, acl as ScopeId), role === null ? null : memberOf(acl, id, role));
          this.lastMembership.set(`user:${id}`, pos);
        }
        return;
      }
      case 'link':
      case 'invitation': {
        const known = key === 'link' ? this.links : this.invitations;
        for (const id of ids) known.set(id, null);
        for (const [id, acl, role, expiresAt, isUsedUp] of rows as [string, ScopeId, Role, number | null, boolean][]) {
          known.set(id, { acl, role, expiresAt, isUsedUp });
        }
        return;
      }
      case 'answers': {
        for (const [client, mid] of asked as [string, number][]) this.answers.set(pairKey(client, String(mid)), null);
        for (const [client, mid, nonce, scope, seq] of rows as [string, number, string, string, number][]) {
          const at = pairKey(client, String(mid));
          const before = this.answers.get(at)?.first;
          const seqs = before?.status === 'applied' ? before.seqs : {};
          this.answers.set(at, { nonce, first: { status: 'applied', seqs: { ...seqs, [scope]: seq } } });
        }
        return;
      }
      case 'idempotency': {
        for (const [subject, name] of asked as [string, string][]) this.idempotency.set(pairKey(subject, name), null);
        for (const [subject, name, bodyHash, results, seqs] of rows as [
          string,
          string,
          string,
          unknown[],
          Record<string, number>,
        ][]) {
          this.idempotency.set(pairKey(subject, name), { bodyHash, results, seqs });
        }
        return;
      }
      case 'authors': {
        for (const one of asked as AuthorKey[]) this.authors.set(authorKey(one), null);
        for (const [key, id, kind, on] of rows as [AuthorKey, string, ChangeActor['kind'], string | null][]) {
          this.authors.set(authorKey(key), { id, kind, ...(on === null ? {} : { for: on }) });
        }
        return;
      }
      case 'toolCalls': {
        for (const [run, call] of asked as [string, string][]) this.toolCalls.set(pairKey(run, call), null);
        for (const [run, call, results, seqs] of rows as [string, string, unknown[], Record<string, number>][]) {
          this.toolCalls.set(pairKey(run, call), { results, seqs });
        }
      }
    }
  }

  #absent(type: 'member' | 'membership', [scope, id]: [string, string]): void {
    this.entities.set(entityKey(type, id, scope as ScopeId), null);
  }

  #keep(stored: Stored): void {
    this.entities.set(entityKey(stored.type, stored.id, stored.scope), stored);
  }

  #keepRows(type: PlainType, rows: unknown[]): void {
    for (const row of rows) this.#keep(toStored(type, row));
  }

  #keepAll(type: PlainType, rows: unknown[]): Stored[] {
    const all = rows.map((row) => toStored(type, row));
    for (const one of all) this.#keep(one);
    return all;
  }

  #learnAll(type: EntityType, scopes: string[], found: { id: string; scope: string }[]): void {
    for (const scope of scopes) this.all.set(pairKey(type, scope), []);
    for (const { id, scope } of found) this.all.get(pairKey(type, scope))?.push(id);
  }
}
