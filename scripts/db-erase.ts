/** `npm run db:erase -- <email or id> [--yes] [--data .data]`: erases a person for good. */
import { parseArgs } from 'node:util';
import { erasePerson, findPerson, type ErasureReport } from '@muster/db/care/erase-person';
import { createCommit } from '@muster/db/commit/create-commit';
import { createPool } from '@muster/db/connection';
import { findDatabase } from './database/find-database.ts';

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { data: { type: 'string' }, yes: { type: 'boolean' } },
  });
  const [who] = positionals;
  if (who === undefined) throw new Error('Name the person: npm run db:erase -- someone@example.org');
  await erase(findDatabase(values.data, process.env).url, who, values.yes === true);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

async function erase(url: string, who: string, isSure: boolean): Promise<void> {
  const pool = createPool({ connectionString: url, max: 2, application_name: 'muster-database' });
  // Gateways find what was committed by comparing positions, within seconds.
  const commit = createCommit({ databaseUrl: url, pool, publish: () => undefined });
  try {
    const id = await findPerson(pool, who);
    if (id === undefined) throw new Error(`There is nobody called ${who} here.`);
    if (!isSure) {
      const { rows } = await pool.query<{ name: string; lists: number }>(
        `select f.name, (select count(*)::int from membership where scope_id = 'user:' || $1) as lists
         from profile f where f.principal_id = $1`,
        [id],
      );
      const [{ name, lists } = { name: 'someone who never came in', lists: 0 }] = rows;
      console.log(`${who} is ${name} (${id}), in ${lists} lists. Erasing cannot be undone: run it again with --yes.`);
      return;
    }
    console.log(describe(await erasePerson({ pool, commit }, id)));
  } finally {
    await commit.close();
    await pool.end();
  }
}

function describe({ left, passedOn, deleted, messages }: ErasureReport): string {
  return [
    'Erased. Their sessions close within seconds.',
    `Lists that go on without them: ${left.length}, of which passed to another owner: ${passedOn.length}.`,
    ...passedOn.map(({ listId, heir }) => `  list ${listId} to ${heir}`),
    `Lists deleted, as nobody could take them over: ${deleted.length}.`,
    `Messages and answers taken back from conversations of others: ${messages}.`,
  ].join('\n');
}
