import type { Change, Overwrote } from '@muster/protocol/change';
import type { WireEntity } from '@muster/protocol/entity';
import type { ScopeId } from '@muster/protocol/id';
import { ROLES, type PrincipalKind, type Profiles, type Role } from '@muster/protocol/principal';
import { sql } from 'kysely';
import { memberOf, toStored, toTask, type PlainType, type Row } from '../mappers.ts';
import type { FeedRepository, ScopeHead, ScopeRead } from './feed-types.ts';
import type { Reader } from './visible.ts';

/** A snapshot's page and a tail of changes are about this big, which is what an answer to `scope:open` may be. */
const PAGE_BYTES = 900_000;
/** A longer tail than this costs more to apply than the snapshot to load. */
const MOST_CHANGES = 2_000;

/** What may go on behind a first page, by the kind of the scope; one's own scope comes whole. */
const PAGED: Readonly<Record<string, readonly string[]>> = { list: ['task'], thread: ['message', 'run', 'run_item'] };

type HeadRow = [ScopeId, ScopeId, number, number, string, ScopeHead['gone'], ScopeId | null, number, Role | null];
type ChangeRow = [
  seq: number,
  at: number,
  txnId: string,
  actor: string,
  kind: PrincipalKind,
  actorFor: string | null,
  clientId: string | null,
  mid: number | null,
  runId: string | null,
  effects: Change['effects'],
  overwrote: Overwrote[] | null,
];
interface Page {
  tables: Record<string, unknown[] | null>;
  next: string | null;
}

type ContentRow = [HeadRow, ChangeRow[] | null, Page | null];
interface AnswerRow {
  roles: Record<string, Role> | null;
  part: ContentRow | null;
  epochs: number[] | null;
}

const toHead = ([scope, acl, seq, aclEpoch, logEpoch, gone, goneTo]: HeadRow): ScopeHead => ({
  scope,
  acl,
  seq,
  aclEpoch,
  logEpoch,
  gone,
  goneTo,
});

/** A row of the log as it went out when it was written. */
function toChange([
  seq,
  at,
  txnId,
  actor,
  kind,
  actorFor,
  clientId,
  mid,
  runId,
  effects,
  overwrote,
]: ChangeRow): Change {
  return {
    seq,
    at,
    txnId,
    actor: { id: actor, kind, ...(actorFor === null ? {} : { for: actorFor }) },
    ...(clientId === null ? {} : { clientId }),
    ...(mid === null ? {} : { mid }),
    ...(runId === null ? {} : { runId }),
    effects,
    ...(overwrote === null ? {} : { overwrote }),
  };
}

function toEntities({ tables }: Page): WireEntity[] {
  return Object.entries(tables).flatMap(([table, rows]) =>
    (rows ?? []).map((row) => {
      const { type, id, value } =
        table === 'member'
          ? memberOf(...(row as [string, string, string]))
          : table === 'task'
            ? toTask(row as Row<'task'>)
            : toStored(table as PlainType, row);
      return { type, id, value: value as unknown as Record<string, unknown> };
    }),
  );
}

function toRead([row, changes, page]: ContentRow, after: number, epochs: number[]): ScopeRead {
  const head = { ...toHead(row), floorSeq: row[7] };
  if (page) return { ...head, kind: 'snapshot', ...toPage(page) };
  return { ...head, kind: 'changes', from: after + 1, to: head.seq, changes: (changes ?? []).map(toChange), epochs };
}

const toPage = (page: Page) => ({ entities: toEntities(page), ...(page.next === null ? {} : { next: page.next }) });

export function createFeedRepository(db: Reader): FeedRepository {
  /** Calls one function, and gives its one JSON value. */
  const call = async <T>(expression: ReturnType<typeof sql>): Promise<T | null> => {
    const { rows } = await sql<{ answer: T | null }>`select ${expression} as answer`.execute(db);
    return rows[0]?.answer ?? null;
  };

  return {
    findHead: async (scope) => {
      const head = await call<HeadRow>(sql`feed_head(${scope}, null)`);
      return head ? toHead(head) : undefined;
    },

    readScopes: async (asks) => {
      if (asks.length === 0) return [];
      const asked = asks.map(({ scope, after, readers }) => [
        scope,
        after?.seq ?? null,
        after?.logEpoch ?? null,
        readers,
      ]);
      // One statement sees one moment. A single reader's role comes with the head; of several, each one's is looked up.
      // `offset 0` keeps the planner from reading the content once for each place that names it.
      const { rows } = await sql<AnswerRow>`
        select r.roles, c.part, case json_typeof(c.part -> 1) when 'array' then (
          select json_agg(acl_epoch order by seq) from change
          where scope_id = a.ask ->> 0 and seq > (a.ask ->> 1)::bigint) end as epochs
        from jsonb_array_elements(${JSON.stringify(asked)}::jsonb) with ordinality a(ask, n)
        cross join lateral (
          select json_object_agg(m.id, m.role) as roles, min(m.id) as somebody
          from (select id, feed_head(a.ask ->> 0, id) ->> 8 as role from jsonb_array_elements_text(a.ask -> 3) id
            where jsonb_array_length(a.ask -> 3) > 1) m
          where m.role is not null) r
        cross join lateral (
          select feed_read(case when jsonb_array_length(a.ask -> 3) = 1 then a.ask -> 3 ->> 0 else r.somebody end,
            jsonb_build_array(a.ask), ${PAGE_BYTES}, ${MOST_CHANGES}) -> 0 as part
          offset 0) c
        order by a.n`.execute(db);
      return rows.map(({ roles, part, epochs }, index) => {
        if (!part) return undefined;
        const { after, readers } = asks[index]!;
        const read = toRead(part, after?.seq ?? 0, epochs ?? []);
        return { read, roles: new Map(Object.entries(roles ?? { [readers[0]!]: part[0][8]! })) };
      });
    },

    readPage: async (principalId, scope, next) => {
      const cut = next.indexOf('|');
      const [type, after] = [next.slice(0, cut), next.slice(cut + 1)];
      // Made by us, carried by a client: what is not one of ours finds nothing.
      const types = PAGED[scope.slice(0, scope.indexOf(':'))] ?? [];
      if (!types.includes(type) || !/^[0-9a-f-]{0,36}(:\d{1,9})?$/.test(after)) return undefined;
      const found = await call<[number, Page]>(
        sql`feed_page(${principalId}, ${scope}, ${type}, ${after}, ${PAGE_BYTES})`,
      );
      return found ? { aclEpoch: found[0], ...toPage(found[1]) } : undefined;
    },

    readChanges: async (scope, after) => {
      const { rows } = await sql<{ found: [HeadRow, ChangeRow[]] | null; epochs: number[] | null }>`
        select feed_gap(${scope}, ${after}::bigint) as found,
          (select json_agg(acl_epoch order by seq) from change where scope_id = ${scope} and seq > ${after}::bigint) as epochs
      `.execute(db);
      const { found, epochs } = rows[0]!;
      if (!found) return undefined;
      return { head: toHead(found[0]), changes: found[1].map(toChange), epochs: epochs ?? [], floorSeq: found[0][7] };
    },

    readMembers: async (scope) => {
      const found = await call<[number, ScopeHead['gone'], ScopeId | null, [string, Role][] | null]>(
        sql`feed_members(${scope})`,
      );
      if (!found) return undefined;
      const [aclEpoch, gone, goneTo, rows] = found;
      const members = new Map<string, Role>();
      for (const [id, role] of rows ?? []) {
        const held = members.get(id);
        if (held === undefined || ROLES.indexOf(role) > ROLES.indexOf(held)) members.set(id, role);
      }
      return { aclEpoch, members, gone, goneTo };
    },

    readPositions: async (scopes, sessionIds) => {
      const found = await call<[HeadRow[] | null, string, string[] | null]>(
        sql`feed_positions(${scopes}, ${sessionIds})`,
      );
      if (!found) throw new Error('log_epoch has no row');
      const [heads, logEpoch, sessions] = found;
      return {
        heads: new Map((heads ?? []).map((row) => [row[0], { ...toHead(row), logEpoch }])),
        logEpoch,
        validSessions: new Set(sessions ?? []),
      };
    },

    readProfiles: async (ids) => {
      const { rows } = await sql<{ id: string; name: string; image: string | null; kind: PrincipalKind }>`
        select p.id, f.name, f.image, p.kind from principal p join profile f on f.principal_id = p.id
        where p.id = any (${ids})`.execute(db);
      const profiles: Profiles = {};
      for (const { id, ...profile } of rows) profiles[id] = profile;
      return profiles;
    },
  };
}
