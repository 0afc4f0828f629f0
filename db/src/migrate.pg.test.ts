import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '@muster/testing/database';
import { listMigrations, migrate, pendingMigrations, requireMigrated } from './migrate.ts';

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client(database.url);
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

test('a migrated database has nothing pending, and migrating it again does nothing', async () => {
  expect(await pendingMigrations(client)).toEqual([]);
  await expect(requireMigrated(client)).resolves.toBeUndefined();
  expect(await migrate(database.url)).toEqual([]);
});

test('a process that finds pending migrations says which command runs them', async () => {
  const last = listMigrations().at(-1) as string;
  await client.query('delete from migration where name = $1', [last]);
  await expect(requireMigrated(client)).rejects.toThrow(new RegExp(`${last}.*npm run migrate`));
  await client.query('insert into migration (name) values ($1)', [last]);
});

test('an empty database has all of them pending; two that migrate at once take turns', async () => {
  const name = `empty_${process.pid}`;
  await client.query(`create database ${name}`);
  const url = new URL(database.url);
  url.pathname = `/${name}`;
  try {
    const empty = new pg.Client(url.href);
    await empty.connect();
    expect(await pendingMigrations(empty)).toEqual(listMigrations());
    const applied = await Promise.all([migrate(url.href), migrate(url.href)]);
    expect(applied.flat()).toEqual(listMigrations());
    await empty.end();
  } finally {
    await client.query(`drop database ${name} with (force)`);
  }
});
