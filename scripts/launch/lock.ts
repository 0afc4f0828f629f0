import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { findProcessIdentity, isAlive, type ProcessIdentity } from '../processes/identity.ts';

/**
 * Takes a lock file for this process. A lock whose owner has died counts for nothing.
 *
 * @returns `taken` with a release, or the living process that holds it
 */
export function takeLock(path: string): { release: () => void } | { holder: ProcessIdentity } {
  const self = findProcessIdentity(process.pid);
  if (self === undefined) throw new Error('this process does not find itself');
  const aside = `${path}.${process.pid}`;
  writeFileSync(aside, JSON.stringify(self), { mode: 0o600 });
  try {
    for (;;) {
      try {
        // Linking fails if the name is taken, and shows the content whole: creating the file would show it empty.
        linkSync(aside, path);
        return { release: () => rmSync(path, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = readHolder(path);
      if (holder !== undefined && isAlive(holder)) return { holder };
      rmSync(path, { force: true });
    }
  } finally {
    rmSync(aside, { force: true });
  }
}

function readHolder(path: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
