import { AGENT_ID } from '@muster/protocol/principal';
import type { Database } from './database.ts';

const KEPT = `('log_epoch', 'migration')`;

/**
 * Every run begins as the migrations leave it: ids of two runs of one seed are the same. Deleting a few rows is faster
 * than a truncate, by statements that are planned once.
 */
export async function emptyTables(database: Database): Promise<void> {
  await database.change('select sim.empty()');
}

/** From here on a long snapshot comes in pages of so many bytes: in the simulator's own database, not in the product. */
export async function setPages(database: Database, bytes: number): Promise<void> {
  await database.query('update sim.page set bytes = $1', [bytes]);
}

/** What the simulator needs in a database of its own, once: replacing a function for each run has all others planned anew. */
export async function prepareDatabase(database: Database): Promise<void> {
  const [found] = await database.query<{ is: boolean }>(`select to_regclass('sim.page') is not null as is`);
  if (found!.is) return;
  await database.query(`do $$
    declare deletes text;
    begin
      create schema sim;
      create table sim.page (bytes integer not null);
      insert into sim.page values (0);
      alter function feed_entities rename to feed_entities_whole;
      create function feed_entities(p_scope text, p_type text, p_after text, p_bytes integer)
        returns json language sql stable
        as 'select feed_entities_whole(p_scope, p_type, p_after, least(p_bytes, (select bytes from sim.page)))';
      select string_agg(format('delete from public.%I;', tablename), ' ') into deletes
        from pg_tables where schemaname = 'public' and tablename not in ${KEPT};
      execute format(
        'create function sim.empty() returns void language plpgsql as %L',
        format(
          'begin
            perform set_config(''session_replication_role'', ''replica'', true);
            %s
            insert into principal (id, kind) values (%L, ''agent'');
            insert into profile (principal_id, name) values (%L, ''Assistant'');
          end',
          deletes, '${AGENT_ID}', '${AGENT_ID}'
        )
      );
    end $$`);
}

/**
 * A backup and its restore, as fast as a run needs them: every table of the database aside, and back. The log's epoch is
 * new after it, as `db:restore` makes it.
 */
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
  await database.change(`do $$
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
