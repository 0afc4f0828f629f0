import { startTestPostgres } from '@muster/testing/services';
import pg from 'pg';

export interface SimStores {
  version: string;
  /** A database for one process, migrated and empty. */
  makeDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** A Postgres of our own, or the one that is given, with nothing of it kept. */
export async function startSimStores(given?: string): Promise<SimStores> {
  const server = given === undefined ? await startTestPostgres() : { url: given, stop: async () => undefined };
  const admin = new pg.Client(server.url);
  await admin.connect();
  const { rows } = await admin.query<{ version: string }>('show server_version');
  const names: string[] = [];
  return {
    version: (Object.values(rows[0] ?? {})[0] as string) ?? '',
    async makeDatabase() {
      const name = `sim_${process.pid}_${names.length}`;
      names.push(name);
      await admin.query(`create database ${name} template template_muster strategy file_copy`);
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    async stop() {
      for (const name of names) await admin.query(`drop database if exists ${name} with (force)`);
      await admin.end();
      await server.stop();
    },
  };
}
