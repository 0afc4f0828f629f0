import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const SKIPPED = new Set(['node_modules', 'build', '.svelte-kit', 'test-results']);

/** One hash over files and folders with all in them: names and contents, in an order that is the same everywhere. */
export function hashFolders(root: string, paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of [...paths].sort()) addTo(hash, root, path);
  return hash.digest('hex');
}

function addTo(hash: ReturnType<typeof createHash>, root: string, path: string): void {
  const full = join(root, path);
  const stats = statSync(full, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isDirectory()) {
    hash.update(`${path}\0${stats.size}\0`);
    hash.update(readFileSync(full));
    return;
  }
  for (const entry of readdirSync(full).sort()) {
    if (!SKIPPED.has(entry)) addTo(hash, root, join(path, entry));
  }
}
