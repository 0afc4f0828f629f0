import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { PLANTS } from './plants.ts';
import type { Edit } from './planted-bug.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');

/**
 * Plants a bug in this process: before the product's files are loaded, and never in the files themselves.
 * @throws where the product no longer has the place: a plant that does not fit proves nothing
 */
export async function plant(name: string, databaseUrl: string): Promise<void> {
  const bug = PLANTS.find((one) => one.name === name);
  if (bug === undefined) throw new Error(`There is no planted bug "${name}".`);
  const edits = new Map<string, Edit[]>();
  for (const edit of bug.edits ?? []) {
    const path = join(ROOT, edit.file);
    const times = readFileSync(path, 'utf8').split(edit.find).length - 1;
    if (times !== 1) throw new Error(`"${name}" does not fit: ${edit.file} has "${edit.find}" ${times} times.`);
    edits.set(path, [...(edits.get(path) ?? []), edit]);
  }
  registerHooks({
    load(url, context, nextLoad) {
      const found = nextLoad(url, context);
      const own = url.startsWith('file:') ? edits.get(fileURLToPath(url)) : undefined;
      if (own === undefined || found.source === undefined || found.source === null) return found;
      let source = typeof found.source === 'string' ? found.source : Buffer.from(found.source as Uint8Array).toString();
      for (const { find, replace } of own) source = source.replace(find, () => replace);
      return { ...found, source };
    },
  });
  if (bug.sql === undefined) return;
  const client = new pg.Client(databaseUrl);
  await client.connect();
  for (const statement of bug.sql) await client.query(statement);
  await client.end();
}
