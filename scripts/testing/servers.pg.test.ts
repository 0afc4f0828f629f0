import pg from 'pg';
import { expect, test } from 'vitest';
import { createTestDatabase } from './database.ts';

test('two suites do not see each other, and a dropped database is gone', async () => {
  const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  const client = new pg.Client(one.url);
  client.on('error', () => undefined);
  await client.connect();
  await client.query('create table only_here (n int)');
  const other = new pg.Client(two.url);
  await other.connect();
  const { rows } = await other.query(`select to_regclass('only_here') as found, to_regclass('change') as migrated`);
  expect(rows).toEqual([{ found: null, migrated: 'change' }]);
  await other.end();
  await Promise.all([one.drop(), two.drop()]);
  await expect(new pg.Client(one.url).connect()).rejects.toMatchObject({ code: '3D000' });
});
