import type { Database } from './database.ts';

/**
 * A backup and its restore, as fast as a run needs them: every table of the database aside, and back. A run with a
 * restore in it begins on empty tables, so that this is little. The log's epoch is new after it, as `db:restore` makes it.
 */
const TABLES = `
  select string_agg(format('%I', tablename), ',') as names from pg_tables
  where schemaname = 'public' and tablename not in ('log_epoch', 'migration', 'migrations', 'schema_migration')`;

export async function emptyTables(database: Database): Promise<void> {
  const [row] = await database.query<{ names: string }>(TABLES);
  await database.query(`truncate ${row!.names} cascade`);
}

export async function backUp(database: Database): Promise<void> {
  await database.query(`do $$
    declare t text;
    begin
      drop schema if exists backup cascade;
      create schema backup;
      for t in select tablename from pg_tables where schemaname = 'public' loop
        execute format('create table backup.%I as table public.%I', t, t);
      end loop;
    end $$`);
}

export async function restore(database: Database): Promise<void> {
  await database.query(`do $$
    declare t text; c text;
    begin
      set local session_replication_role = replica;
      for t in select tablename from pg_tables where schemaname = 'backup' loop
        execute format('delete from public.%I', t);
        select string_agg(format('%I', column_name), ',') into c from information_schema.columns
          where table_schema = 'public' and table_name = t and is_generated = 'NEVER';
        execute format('insert into public.%I (%s) overriding system value select %s from backup.%I', t, c, c, t);
      end loop;
      update public.log_epoch set epoch = gen_random_uuid()::text;
    end $$`);
}
