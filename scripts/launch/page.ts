import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hashFolders } from './folder-hash.ts';
import { takeLock } from './lock.ts';

/** What the built page depends on. */
const SOURCES = ['web', 'packages/protocol', 'packages/domain', 'packages/client', 'package-lock.json'];

/**
 * Builds the page into `web/build` if its sources have changed since the last time.
 *
 * @param say told that it builds: the one slow step of a start
 * @returns the built page's folder
 * @throws with the build's own words
 */
export async function buildPage(root: string, say: (line: string) => void): Promise<string> {
  const output = join(root, 'web', 'build');
  const stamp = join(root, 'node_modules', '.cache', 'muster', 'page.sha256');
  mkdirSync(dirname(stamp), { recursive: true });
  const release = await waitForLock(`${stamp}.lock`);
  try {
    const hash = hashFolders(root, SOURCES);
    if (existsSync(join(output, 'index.html')) && readOrEmpty(stamp) === hash) return output;
    say('Building the page …');
    rmSync(stamp, { force: true });
    await runBuild(root);
    writeFileSync(stamp, hash);
    return output;
  } finally {
    release();
  }
}

/** Two starts on one clone would build into one folder. */
async function waitForLock(path: string): Promise<() => void> {
  for (;;) {
    const lock = takeLock(path);
    if ('release' in lock) return lock.release;
    await delay(200);
  }
}

async function runBuild(root: string): Promise<void> {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const child = spawn(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: join(root, 'web'),
    env: { ...process.env, NODE_ENV: 'production', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += String(bytes)));
  const code = await new Promise<number | null>((done, fail) => {
    child.once('error', fail);
    child.once('close', done);
  });
  if (code !== 0) throw new Error(`The page could not be built:\n${output.trim()}`);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
