import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@muster/client/client';
import type { MusterClient } from '@muster/client/types';
import { listMigrations, migrate } from '@muster/db/migrate';
import { startGateways, TestClient, type TestGateways } from '@muster/gateway/test/start-gateways';
import { scopeOf } from '@muster/protocol/id';
import { titlesOf } from '@muster/testing/held-by-client';
import { getSystemPostgres, startSystemPostgres, type SystemPostgres } from '@muster/testing/system-postgres';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { v7 } from 'uuid';
import { backUp } from './back-up.ts';
import { findTools } from './postgres-tools.ts';
import { restore, type Restored } from './restore.ts';
import { withPostgres } from './with-postgres.ts';

/** A restore under live gateways and clients, on the system's Postgres: it has pg_dump, which the embedded one lacks. */
vi.setConfig({ testTimeout: 180_000 });
const system = getSystemPostgres();
const env = { ...process.env, PG_BIN: system.bin };
const folder = mkdtempSync(join(tmpdir(), 'muster-backups-'));
let server: SystemPostgres;
let url: string;

beforeAll(async () => {
  server = await startSystemPostgres(system);
}, 60_000);
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  const name = `muster_${v7().slice(-12)}`;
  url = server.url(name);
  await withPostgres(server.url('postgres'), (client) => client.query(`create database ${name}`));
  await migrate(url);
});

const rows = <T>(sql: string, values: unknown[] = [], at = url): Promise<T[]> =>
  withPostgres(at, async (client) => (await client.query(sql, values)).rows as T[]);
const databases = async (): Promise<string[]> => {
  const own = new URL(url).pathname.slice(1);
  const found = await rows<{ name: string }>('select datname as name from pg_database where starts_with(datname, $1)', [
    own,
  ]);
  return found.map(({ name }) => name.slice(own.length)).sort();
};
/** The database as a version left it whose last migration was this one. */
async function makeOlder(last: string): Promise<void> {
  await rows('drop schema public cascade; create schema public');
  await rows('create table migration (name text collate "C" primary key, applied_at timestamptz default now())');
  for (const name of listMigrations().filter((one) => one <= last)) {
    await rows(readFileSync(join(import.meta.dirname, `../../db/migrations/${name}.sql`), 'utf8'));
    await rows('insert into migration (name) values ($1)', [name]);
  }
}
const makeBackup = async (): Promise<string> => {
  const out = join(folder, `${v7()}.dump`);
  return (await backUp({ database: { url, backups: folder }, out, env, now: new Date() })).file;
};
const restoreNow = (file: string, isForced = false, said: string[] = []): Promise<Restored> =>
  restore({ url, file, isForced, env, now: new Date(), say: (line) => void said.push(line) });

const clients: MusterClient[] = [];
async function follow(at: string, token: string): Promise<MusterClient> {
  const client = createClient({ url: at, token });
  clients.push(client);
  await client.start();
  return client;
}
const PATIENCE = { timeout: 30_000, interval: 50 };

test('a restore under two gateways and their clients: they come back by themselves, and agree with the server', async () => {
  const product: TestGateways = await startGateways(0, { env: { DATABASE_URL: url } });
  const gateways = [await product.start(), await product.start()] as const;
  try {
    const people = await Promise.all(['Ada', 'Ben', 'Cleo Secret'].map((name) => product.person(name)));
    const [ada, ben, cleo] = people as [(typeof people)[0], (typeof people)[0], (typeof people)[0]];
    const [one, two] = [await follow(gateways[0].url, ada.token), await follow(gateways[1].url, ben.token)];
    const bare = await product.client(ada, gateways[1]);
    const listId = v7();
    const scope = scopeOf('list', listId);
    await one.mutate('list.create', { id: listId, title: 'Trip' }).outcome;
    for (const { email } of [ben, cleo]) {
      await one.mutate('member.invite', { listId, email, role: 'editor' }).outcome;
    }
    const add = (client: MusterClient, title: string) => client.mutate('task.create', { id: v7(), listId, title });
    await add(one, 'Before').outcome;
    await vi.waitFor(() => expect(titlesOf(two, scope)).toEqual(['Before']), PATIENCE);
    const file = await makeBackup();

    // What is not in the backup: tasks, someone who signed up, someone who was erased.
    await add(two, 'After').outcome;
    const dora = await product.person('Dora');
    const gone = await follow(gateways[0].url, dora.token);
    await vi.waitFor(() => expect(gone.status.connection).toBe('online'), PATIENCE);
    await cleo.call('DELETE', '/api/v1/me', { password: 'correct horse battery' });
    expect(await rows('select kind from principal where id = $1', [cleo.userId])).toEqual([{ kind: 'erased' }]);

    await expect(restoreNow(file)).rejects.toThrow(/newer than the backup .* --force/);
    expect(await databases()).toEqual(['']);

    // Both go on writing all the while.
    let isOver = false;
    const writing = [one, two].map(async (client, n) => {
      for (let count = 0; !isOver; count++) {
        add(client, `Meanwhile ${n} ${count}`);
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
    });
    const said: string[] = [];
    const done = await restoreNow(file, true, said);
    await vi.waitFor(
      () => expect(bare.all('hello').map(({ logEpoch }) => logEpoch)).toContain(done.logEpoch),
      PATIENCE,
    );
    isOver = true;
    await Promise.all(writing);
    expect(done).toMatchObject({ erased: 1, migrations: [] });
    expect(said.join('\n')).toMatch(/The backup is of 20.* UTC \(0 minutes ago\)/);

    for (const client of [one, two]) {
      await vi.waitFor(() => expect(client.status).toMatchObject({ connection: 'online', pending: 0 }), PATIENCE);
    }
    // Offered again, in the same order for everyone; nothing twice.
    await vi.waitFor(async () => {
      const stored = await rows<{ title: string }>(
        'select title from task where scope_id = $1 and deleted_at is null order by pos, id',
        [scope],
      );
      const titles = stored.map(({ title }) => title);
      expect(titlesOf(one, scope)).toEqual(titles);
      expect(titlesOf(two, scope)).toEqual(titles);
      expect(titles).toContain('Before');
      expect(titles).toContain('After');
    }, PATIENCE);
    const log = await rows<{ seq: string; nonce: string | null }>(
      'select seq, nonce from change where scope_id = $1 order by seq',
      [scope],
    );
    expect(log.map(({ seq }) => Number(seq))).toEqual(log.map((_, at) => at + 1));
    const nonces = log.flatMap(({ nonce }) => nonce ?? []);
    expect(new Set(nonces).size).toBe(nonces.length);
    const again = await TestClient.prototype.get.call(await product.client(ben), 'scope:open', { scopes: [{ scope }] });
    expect(JSON.stringify(again)).toContain(done.logEpoch);
    // Who signed up since is a stranger, and who was erased since is nowhere.
    await vi.waitFor(
      () => expect(gone.status).toMatchObject({ connection: 'refused', error: { code: 'unauthenticated' } }),
      PATIENCE,
    );
    for (const table of ['"user"', 'profile', 'invitation', 'change']) {
      expect(
        await rows(`select from ${table} t where t::text like '%Cleo Secret%' or strpos(t::text, $1) > 0`, [
          cleo.email,
        ]),
      ).toEqual([]);
    }
    expect(await rows('select from acl_grant where subject = $1', [cleo.userId])).toEqual([]);
    for (const gateway of gateways) {
      await vi.waitFor(async () => expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200), PATIENCE);
    }

    // The one that was replaced is there, whole, and nobody works on it.
    const aside = done.aside as string;
    const kept = new URL(url);
    kept.pathname = `/${aside}`;
    expect(await rows('select title from task where title = $1', ['After'], kept.href)).toHaveLength(1);
    expect(await rows('select from pg_stat_activity where datname = $1', [aside])).toEqual([]);
    expect(await databases()).toHaveLength(2);
  } finally {
    await Promise.all(clients.splice(0).map((client) => client.stop()));
    await product.close();
  }
});

test('what cannot be restored is said in one line, and leaves all as it was', async () => {
  const [before] = await rows<{ epoch: string }>('select epoch from log_epoch');
  const file = await makeBackup();
  const torn = join(folder, 'torn.dump');
  copyFileSync(file, torn);
  writeFileSync(torn, readFileSync(torn).subarray(0, statSync(torn).size - 2_000));
  await expect(restoreNow(torn)).rejects.toThrow(/^.*torn\.dump cannot be restored here: [^\n]*$/);
  writeFileSync(torn, 'no backup');
  await expect(restoreNow(torn)).rejects.toThrow('cannot be restored here');
  await expect(restoreNow(join(folder, 'nothing.dump'))).rejects.toThrow('There is no file');
  await rows(`insert into migration (name) values ('9999_later')`);
  await expect(restoreNow(await makeBackup())).rejects.toThrow('of a newer version of Muster (9999_later)');
  await rows(`delete from migration where name = '9999_later'`);
  const holder = withPostgres(server.url('postgres'), async (client) => {
    await client.query('select pg_advisory_lock(7346502)');
    await expect(restoreNow(file)).rejects.toThrow('Another restore is under way');
  });
  await holder;
  expect(await databases()).toEqual(['']);
  expect(await rows('select epoch from log_epoch')).toEqual([before]);
});

test('an older backup is migrated; a database that was lost whole is made anew, with those out who were erased', async () => {
  const erased = v7();
  await makeOlder('0005_run_ended');
  await rows(`select ensure_principal($1, 'person', 'Long Gone', null)`, [erased]);
  // As the version before would have made it.
  const file = join(folder, 'older.dump');
  const tools = findTools(server.major, env);
  expect(spawnSync(tools.pgDump, ['-Fc', `--file=${file}`, `--dbname=${url}`]).status).toBe(0);
  await migrate(url);
  await rows('insert into erasure (principal_id, done_at) values ($1, 1)', [erased]);
  await makeBackup();
  // A restore that was killed left something behind.
  const name = new URL(url).pathname.slice(1);
  await rows(`drop database ${name} with (force)`, [], server.url('postgres'));
  await rows(`create database ${name}_restoring_1`, [], server.url('postgres'));
  const done = await restoreNow(file);
  expect(done).toMatchObject({ aside: undefined });
  expect(done.migrations).toContain('0006_log_care');
  expect(done.erased).toBeGreaterThan(0);
  expect(await rows('select name from profile where principal_id = $1', [erased])).toEqual([
    { name: 'Deleted person' },
  ]);
  expect(await databases()).toEqual(['']);
});

test('killed at any step it leaves one database under the name, and the next one clears up', async () => {
  await rows(`select ensure_principal('p', 'person', 'In the backup', null)`);
  const file = await makeBackup();
  const epochNow = async () => (await rows<{ epoch: string }>('select epoch from log_epoch'))[0]?.epoch;
  const before = await epochNow();
  const script = join(import.meta.dirname, '..', 'db-restore.ts');
  const steps = [
    async () => expect((await databases()).some((name) => name.startsWith('_restoring_'))).toBe(true),
    async (said: string) => expect(said).toContain('ready in a database beside'),
    async (said: string) => expect(said).toContain('is kept as'),
  ];
  for (const isReached of steps) {
    const child = spawn(process.execPath, [script, file], { env: { ...env, DATABASE_URL: url } });
    let said = '';
    child.stdout.on('data', (text) => (said += String(text)));
    const ended = once(child, 'exit');
    await vi.waitFor(() => isReached(said), { timeout: 60_000, interval: 5 });
    child.kill('SIGKILL');
    await ended;
    const isSwapped = (await epochNow()) !== before;
    expect((await databases()).filter((name) => name.startsWith('_before_'))).toHaveLength(isSwapped ? 1 : 0);
    if (isSwapped) break;
  }
  await restoreNow(file);
  expect((await databases()).filter((name) => name.startsWith('_restoring_'))).toEqual([]);
  expect(await rows('select name from profile')).toContainEqual({ name: 'In the backup' });
});

test('the programs must fit the server, and the line says which are needed', () => {
  expect(findTools(system.major, { PATH: '', PG_BIN: system.bin }).pgDump).toBe(join(system.bin, 'pg_dump'));
  expect(() => findTools(99, env)).toThrow(
    new RegExp(
      `^The server is Postgres 99, and needs pg_dump .*there is ${server.major}.* in .*postgresql-client-99.*PG_BIN.*$`,
    ),
  );
});

test('the commands: a backup for its owner alone, back to it, and a person erased', async () => {
  const run = (script: string, ...args: string[]) => {
    const file = join(import.meta.dirname, '..', `${script}.ts`);
    const { stdout, stderr, status } = spawnSync(process.execPath, [file, ...args], {
      env: { ...env, DATABASE_URL: url },
      encoding: 'utf8',
    });
    return { stdout, stderr, status };
  };
  const out = join(folder, 'by-command.dump');
  expect(run('db-backup', '--out', out)).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('read back whole'),
  });
  expect(statSync(out).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder).filter((name) => name.endsWith('.making'))).toEqual([]);
  expect(run('db-backup', '--out', out)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('is there already'),
  });
  const id = v7();
  await rows(`insert into "user" (id, name, email, "emailVerified") values ($1, 'Eve', 'eve@example.org', true)`, [id]);
  expect(run('db-erase', 'eve@example.org').stdout).toContain('run it again with --yes');
  expect(await rows('select from "user"')).toHaveLength(1);
  expect(run('db-erase', 'eve@example.org', '--yes')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('Erased.'),
  });
  expect(run('db-erase', 'eve@example.org', '--yes')).toMatchObject({
    status: 1,
    stderr: 'There is nobody called eve@example.org here.\n',
  });
  const restored = run('db-restore', out);
  expect(restored).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('is kept as') });
  expect(await rows('select from erasure where principal_id = $1', [id])).toHaveLength(1);
  expect(run('db-restore')).toMatchObject({ status: 1, stderr: expect.stringContaining('Name the backup') });
  expect(existsSync(out)).toBe(true);
});
