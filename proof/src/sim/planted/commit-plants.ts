import type { PlantedBug } from './planted-bug.ts';

const ROLE_OF = (acl: string, subject: string) => `
  select jsonb_build_array(x.acl, x.subject, g.role, a.epoch) as role
  from (select ${acl} as acl, ${subject} as subject) x left join acl a on a.id = x.acl
  left join acl_grant g on g.acl_id = x.acl and g.subject = x.subject`;

/** The sound function under another name, so that the planted one can call it. */
const aside = (name: string) => `do $$ begin execute (
  select format('alter function %s rename to ${name}_sound', oid::regprocedure) from pg_proc where proname = '${name}');
end $$`;

const LOAD_ARGUMENTS = `p_acls text[], p_is_exclusive boolean, p_new_clients text[], p_new_client_principals text[],
  p_clients text[], p_client_principals text[], p_first_mids bigint[], p_last_mids bigint[], p_scopes text[],
  p_role_acls text[], p_role_subjects text[], p_tasks text[], p_last_scopes text[], p_more jsonb`;
const LOAD_PASSED = `p_acls, p_is_exclusive, p_new_clients, p_new_client_principals, p_clients, p_client_principals,
  p_first_mids, p_last_mids, p_scopes, p_role_acls, p_role_subjects, p_tasks, p_last_scopes, p_more`;

export const COMMIT_PLANTS: PlantedBug[] = [
  {
    name: 'rights read before the lock',
    warning: 'sync.md',
    what: 'locks and loads see one snapshot: the role is the one from before a removal that the commit waited for',
    breaks: ['P4 strangers', 'P4 removed'],
    sql: [
      aside('commit_load_one'),
      aside('commit_load'),
      `create function commit_load_one(p_acl text, p_client text, p_principal text, p_mid bigint, p_scope text,
         p_task text, p_last_scope text) returns json language plpgsql volatile as $$
       declare early jsonb; r jsonb;
       begin
         early := (select jsonb_agg(role) from (${ROLE_OF('p_acl', 'p_principal')}) e);
         r := commit_load_one_sound(p_acl, p_client, p_principal, p_mid, p_scope, p_task, p_last_scope);
         if r is null then return null; end if;
         return jsonb_set(r, '{5}', early);
       end $$`,
      `create function commit_load(${LOAD_ARGUMENTS}) returns json language plpgsql volatile as $$
       declare early jsonb; r jsonb;
       begin
         early := (select jsonb_agg(e.role) from unnest(p_role_acls, p_role_subjects) u (acl, subject)
           cross join lateral (${ROLE_OF('u.acl', 'u.subject')}) e);
         r := commit_load_sound(${LOAD_PASSED});
         return jsonb_set(r, '{5}', coalesce(early, 'null'));
       end $$`,
    ],
  },
  {
    name: "a conversation without its list's lock",
    warning: 'sync.md',
    what: "a thread's commit does not lock its list's rights: it stores an old epoch after a removal",
    breaks: ['P4 strangers', 'P4 removed'],
    edits: [
      {
        file: 'db/src/commit/connection.ts',
        find: '    !isExclusive &&\n',
        replace: "    !isExclusive &&\n    !scopes[0]?.startsWith('thread:') &&\n",
      },
      {
        file: 'db/src/commit/connection.ts',
        find: '  textArray(plan.acls),',
        replace: "  textArray(plan.scopes.every((scope) => scope.startsWith('thread:')) ? [] : plan.acls),",
      },
    ],
  },
  {
    name: 'a client row that nobody locks',
    warning: 'sync.md',
    what: "a client's first mutations on two gateways find no row to lock: both are taken",
    breaks: ['P1 once', 'P1 acknowledged'],
    sql: [
      aside('commit_load_one'),
      aside('commit_load'),
      `create function commit_load_one(p_acl text, p_client text, p_principal text, p_mid bigint, p_scope text,
         p_task text, p_last_scope text) returns json language sql volatile as $$ select null::json $$`,
      `create function commit_load(${LOAD_ARGUMENTS}) returns json language plpgsql volatile as $$
       declare early text[]; r jsonb;
       begin
         early := (select array_agg(u.id) from unnest(p_clients, p_first_mids) u (id, mid) left join client c on c.id = u.id
           where coalesce(c.last_mid, 0) = u.mid - 1);
         r := commit_load_sound(${LOAD_PASSED});
         if cardinality(early) > 0 then
           r := jsonb_set(r, '{3}', to_jsonb(early));
           r := jsonb_set(r, '{4}', coalesce((select jsonb_agg(c) from jsonb_array_elements(
             case jsonb_typeof(r -> 4) when 'array' then r -> 4 else '[]' end) c where c ->> 0 <> all (early)), 'null'));
         end if;
         return r;
       end $$`,
    ],
  },
  {
    name: 'mids overtake each other',
    warning: 'sync.md',
    what: 'a later mid leaves with another batch while an earlier one waits for a hot list',
    breaks: ['P1 in turn'],
    edits: [
      {
        file: 'db/src/commit/queue.ts',
        find: '(client ? [`client:${client.clientId}`] : [])',
        replace: '(client ? [] : [])',
      },
    ],
  },
  {
    name: 'one bad command takes its batch along',
    warning: 'sync.md',
    what: 'what Postgres refuses is given back, with all that was committed with it, again and again',
    breaks: ['P2 pending'],
    edits: [
      { file: 'db/src/commit/lane.ts', find: 'if (entries.length > 1) {', replace: 'if (entries.length > 0) {' },
      {
        file: 'db/src/commit/lane.ts',
        find: 'for (const entry of entries) await this.run([entry]);',
        replace: "for (const entry of entries) entry.fail(new MusterError('unavailable', 'planted'));",
      },
    ],
  },
  {
    name: 'duplicates told by the mid alone',
    warning: 'sync.md',
    what: "the nonce is not compared: another one's mutation under the same mid gets the first one's answer",
    breaks: ['P1 acknowledged'],
    edits: [
      {
        file: 'db/src/commit/decide.ts',
        find: 'return before.nonce === nonce ?',
        replace: 'return true ?',
      },
    ],
  },
  {
    name: 'acknowledged before it is stored',
    what: 'the answer leaves while Postgres still writes',
    breaks: ['P1 acknowledged'],
    edits: [
      {
        file: 'db/src/commit/lane.ts',
        find: 'const written = await stored;',
        replace: 'for (const [entry, outcome] of outcomes) entry.settle(outcome);\n    const written = await stored;',
      },
    ],
  },
  {
    name: 'published before it is stored',
    what: 'packets leave while Postgres still writes: some are of changes that never were',
    breaks: ['P2 same order', 'P2 equal at rest'],
    edits: [
      {
        file: 'db/src/commit/lane.ts',
        find: 'const written = await stored;',
        replace: 'this.#publish(packets);\n    const written = await stored;',
      },
    ],
  },
  {
    name: 'what was replaced is not kept',
    what: 'a change does not keep the value that it replaced',
    breaks: ['P5 history'],
    edits: [
      {
        file: 'db/src/commit/transaction.ts',
        find: 'into.prev.push(before ? previousOf(effect, before) : null);',
        replace: 'into.prev.push(null);',
      },
    ],
  },
  {
    name: 'nobody is told what they overwrote',
    what: 'a text that its successor had not seen is replaced without a word',
    breaks: ['P5 history'],
    edits: [
      {
        file: 'db/src/commit/transaction.ts',
        find: "    into.overwrote.push({ type: 'task', id, field, value, actor, seq });\n",
        replace: '',
      },
    ],
  },
  {
    name: 'a removal leaves the epoch as it was',
    what: 'the rights change, and nothing tells gateways that they did',
    breaks: ['P4 removed', 'P4 told', 'P4 strangers'],
    edits: [
      {
        file: 'packages/domain/src/commands/member.ts',
        find: "        { write: 'bump', acl: scope },\n        ...(userId",
        replace: '        ...(userId',
      },
    ],
  },
];
