import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';

/** Our own packages and what they read: what a release is made of. */
const FOLDERS = ['packages', 'db', 'gateway', 'worker', 'package.json'];

export interface Revision {
  folder: string;
  /** When it was committed: the day alone. */
  date: string;
}

/**
 * Lays the sources of a commit out in a folder of its own, from which other people's packages are found as ever: inside
 * this project's `node_modules`. It is the caller's to remove.
 * @throws in words, where git or the commit is not there
 */
export function unpackRevision(root: string, revision: string): Revision {
  const cache = join(root, 'node_modules', '.cache', 'muster');
  mkdirSync(cache, { recursive: true });
  const date = git(root, ['log', '-1', '--format=%cs', revision]).toString().trim();
  const archive = git(root, ['archive', '--format=tar', revision, '--', ...FOLDERS]);
  const folder = mkdtempSync(join(cache, 'release-'));
  const tar = spawnSync('tar', ['-x', '-C', folder], { input: archive });
  if (tar.status !== 0) throw new Error(`tar could not unpack ${revision}: ${tar.error?.message ?? tar.stderr}`);
  return { folder, date };
}

function git(cwd: string, args: string[]): Buffer {
  const { status, stdout, stderr, error } = spawnSync('git', args, { cwd, maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`git ${args[0]} failed: ${error?.message ?? stderr.toString().trim()}`);
  return stdout;
}
