import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { UsageError } from '../launch/options.ts';

/** What we build; others may be used from the oldest on that runs TypeScript and WebSockets as these programs need. */
const PINNED = '1.8.1';
const OLDEST = [1, 8] as const;

/** k6 is neither here nor can be built: the operator has to bring it. */
export class NoK6Error extends UsageError {
  /** Whether Go is there, so that it should have been possible. */
  readonly hasGo: boolean;

  constructor(message: string, hasGo: boolean) {
    super(message);
    this.hasGo = hasGo;
  }
}

const exe = process.platform === 'win32' ? '.exe' : '';

/** Of the person, not of the checkout: it is 70 MB and takes a minute or two to build. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const base = env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(base, 'muster', `k6-${PINNED}`);
}

/**
 * The path of a k6: K6_PATH, one of the system's, the one that we built before; or one that is built now.
 * @throws {NoK6Error} one line that says how to get it
 */
export async function findK6(env: NodeJS.ProcessEnv, say: (line: string) => void): Promise<string> {
  const folder = cacheFolder(env);
  const own = join(folder, `k6${exe}`);
  const named = env['K6_PATH'];
  if (named !== undefined && named !== '') {
    if (isGood(named)) return named;
    throw new UsageError(`K6_PATH (${named}) is no k6 ${OLDEST.join('.')} or newer.`);
  }
  for (const path of [...onPath(env, 'k6'), own]) if (isGood(path)) return path;
  const go = [...onPath(env, 'go'), `/usr/local/go/bin/go${exe}`].find((path) => existsSync(path));
  const how = `Install k6 ${OLDEST.join('.')} or newer (https://grafana.com/docs/k6/latest/set-up/install-k6/), or Go, with which it is built.`;
  if (go === undefined) throw new NoK6Error(`k6 is not here, and neither is Go. ${how}`, false);
  say(`k6 is not here: building k6 ${PINNED} with Go into ${folder}; this takes a minute or two, once.`);
  mkdirSync(folder, { recursive: true });
  const fault = await build(go, { ...env, GOBIN: folder });
  if (fault === undefined && isGood(own)) return own;
  throw new NoK6Error(`k6 could not be built with Go (${fault ?? 'what was built does not run'}). ${how}`, true);
}

function* onPath(env: NodeJS.ProcessEnv, name: string): Iterable<string> {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name + exe);
    if (folder !== '' && existsSync(path)) yield path;
  }
}

function isGood(path: string): boolean {
  if (!existsSync(path)) return false;
  const { stdout } = spawnSync(path, ['version'], { encoding: 'utf8', timeout: 20_000 });
  const [, major, minor] = /^k6(?:\.exe)? v(\d+)\.(\d+)/.exec(stdout ?? '') ?? [];
  return Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1];
}

/** @returns the last line of what went wrong */
function build(go: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const child = spawn(go, ['install', `go.k6.io/k6@v${PINNED}`], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let last = '';
  child.stderr.on('data', (data: Buffer) => (last = data.toString().trim().split('\n').at(-1) || last));
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(code === 0 ? undefined : last));
  });
}
