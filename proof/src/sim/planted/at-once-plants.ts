import type { PlantedBug } from './planted-bug.ts';

const LOCKED_ONE = 'and principal_id = p_principal and last_mid = p_mid - 1';
const LOCKED_ROWS = 'and c.principal_id = u.principal and c.last_mid = u.mid_before';

/** The function with a piece of it replaced; fails where the piece is not there. */
const rewritten = (name: string, ...pieces: [find: string, replace: string][]) => `do $$ declare t text; begin
  select pg_get_functiondef(oid) into t from pg_proc where proname = '${name}';
  ${pieces
    .map(
      ([find, replace]) => `if strpos(t, '${find}') = 0 then raise exception '${name} has no such place'; end if;
  t := replace(t, '${find}', '${replace}');`,
    )
    .join('\n  ')}
  execute t;
end $$`;

/** Commits in one flight (decision 9): they are decided on what the process remembers. */
export const AT_ONCE_PLANTS: PlantedBug[] = [
  {
    name: 'one flight takes any mid',
    what: 'a commit in one flight does not compare the last mid: what is sent again is applied again',
    breaks: ['P1 once', 'P1 acknowledged', 'P1 in turn'],
    sql: [
      rewritten('commit_one_at_once', [LOCKED_ONE, 'and principal_id = p_principal']),
      rewritten('commit_rows_at_once', [LOCKED_ROWS, 'and c.principal_id = u.principal']),
    ],
  },
  {
    name: 'one flight that was refused is taken for stored',
    what: 'the answer of a commit in one flight is not looked at: nothing was written where something was out of date',
    breaks: ['P1 acknowledged', 'P2 same order'],
    edits: [{ file: 'db/src/commit/lane.ts', find: '    if (clock < 0) return false;\n', replace: '' }],
  },
  {
    name: 'acknowledged before one flight is stored',
    what: 'the answer leaves while Postgres still compares: where something is out of date, its numbers are of others',
    breaks: ['P1 acknowledged'],
    edits: [
      {
        file: 'db/src/commit/lane.ts',
        find: '    const clock = await committing;',
        replace: '    this.#answer(batch, outcomes);\n    const clock = await committing;',
      },
    ],
  },
  {
    name: 'published before one flight is stored',
    what: 'packets of a commit in one flight leave while Postgres still compares: some are of changes that never were',
    breaks: ['P2 same order', 'P2 equal at rest'],
    edits: [
      {
        file: 'db/src/commit/lane.ts',
        find: '    const clock = await committing;',
        replace: '    this.#publish(packets);\n    const clock = await committing;',
      },
    ],
  },
  {
    name: 'tasks remembered past the hand of another',
    what: 'another process wrote to the list, and what was remembered of its tasks is kept: the next one flight believes it',
    breaks: ['P5 history', 'P2 equal at rest', 'P2 order of tasks'],
    edits: [
      {
        file: 'db/src/commit/memory.ts',
        find: 'known = { record: known.record, lastPos: undefined, calm: 0, patience };',
        replace: 'Object.assign(known, { calm: 0, patience });',
      },
    ],
  },
];
