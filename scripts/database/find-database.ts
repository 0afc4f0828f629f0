import { join, resolve } from 'node:path';
import { ConfigError, databaseUrl, parseConfig } from '@muster/runtime/config';
import * as z from 'zod';
import { DEFAULT_DATA, UsageError } from '../launch/options.ts';
import { readRunFile } from '../launch/run-file.ts';

export interface FoundDatabase {
  url: string;
  /** Where backups go that nobody named a place for. */
  backups: string;
}

/**
 * The database of the product that runs on `data`; without that option the one of DATABASE_URL, else the one of a product
 * started here.
 *
 * @throws {UsageError} one line that says how to name one
 */
export function findDatabase(data: string | undefined, env: Record<string, string | undefined>): FoundDatabase {
  const folder = resolve(data ?? DEFAULT_DATA);
  const backups = join(folder, 'backups');
  if (data === undefined) {
    const given = readVariable(env);
    if (given !== undefined) return { url: given, backups };
  }
  const run = readRunFile(folder);
  if (run === undefined) {
    throw new UsageError(
      `Muster is not running on ${folder}: start it with npm start, name its folder with --data, or set DATABASE_URL.`,
    );
  }
  return { url: run.databaseUrl, backups };
}

function readVariable(env: Record<string, string | undefined>): string | undefined {
  try {
    return parseConfig(z.object({ DATABASE_URL: databaseUrl().optional() }), env).DATABASE_URL;
  } catch (error) {
    throw error instanceof ConfigError ? new UsageError(error.message, { cause: error }) : error;
  }
}

/** The same server, another of its databases. */
export function inDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${encodeURIComponent(name)}`;
  return other.href;
}

export const nameOfDatabase = (url: string): string => decodeURIComponent(new URL(url).pathname.slice(1));
