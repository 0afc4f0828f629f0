/**
 * The first step of every command, for a machine that has only Node 20+ and npm: no dependencies, no TypeScript.
 * It installs what is missing, says what it does, and runs the command on the pinned Node.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installSystemPackage } from './bootstrap/system-packages.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const NODE_MAJOR = 24;
/** How often to look whether npm, which started us, is still there. */
const PARENT_CHECK_MS = 500;

/** What a command needs besides packages. */
const COMMANDS = {
  start: ['redis'],
  dev: ['redis'],
  demo: [],
  test: ['redis', 'chromium', 'postgres', 'caddy'],
  check: [],
  bench: ['redis'],
  chaos: ['redis'],
  // Only for a product of its own.
  loadtest: process.argv.includes('--start') ? ['redis'] : [],
  sim: [],
  capacity: [],
  migrate: [],
  rollout: [],
  'db-backup': [],
  'db-restore': [],
  'db-erase': [],
  'db-password': [],
  generate: [],
  'release-bundle': [],
};

const [command = '', ...args] = process.argv.slice(2);
const needs = COMMANDS[command];
if (needs === undefined) fail(`There is no command "${command}": ${Object.keys(COMMANDS).join(', ')}.`);

installPackages();
const node = findNode();
const env = { ...process.env, PATH: [join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter) };
// A Redis of one's own is used by the product; the tests always start theirs.
if (needs.includes('redis') && (command === 'test' || !process.env.REDIS_URL)) provideRedis();
if (needs.includes('chromium')) provideChromium();
if (needs.includes('postgres')) providePostgres();
if (needs.includes('caddy')) provideCaddy();
run();

function installPackages() {
  const missing = findStalePackage();
  if (missing === undefined) return;
  say(`Installing packages (${missing}); this takes half a minute.`);
  const npm = process.env.npm_execpath;
  const [file, first] = npm ? [process.execPath, [npm]] : ['npm', []];
  // Under Node 20 npm warns of packages that want 22: they run on the pinned Node, so the warnings are noise.
  const result = spawnSync(file, [...first, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: ROOT,
    stdio: 'inherit',
    shell: !npm && process.platform === 'win32',
  });
  if (result.status !== 0) fail('The packages could not be installed: the lines above say why.');
}

/** Compares what the lock file names with what npm noted at its last install; says what is amiss. */
function findStalePackage() {
  const locked = readJson(join(ROOT, 'package-lock.json'));
  const installed = readJson(join(ROOT, 'node_modules', '.package-lock.json'));
  if (locked === undefined) return 'no lock file';
  if (installed === undefined) return 'none are there yet';
  for (const [path, wanted] of Object.entries(locked.packages)) {
    if (!path.includes('node_modules/')) continue;
    const found = installed.packages[path];
    if (found === undefined && wanted.optional) continue;
    if (found === undefined || found.version !== wanted.version || !existsSync(join(ROOT, path))) {
      return `${path.replace(/^.*node_modules\//, '')} has changed`;
    }
  }
  return undefined;
}

/** The pinned Node by its path: the shell that started us may still remember another one. */
function findNode() {
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  const candidates = [join(ROOT, 'node_modules', '.bin', program), join(ROOT, 'node_modules', 'node', 'bin', program)];
  for (const candidate of [...candidates, process.execPath]) {
    if (!existsSync(candidate)) continue;
    const { stdout } = spawnSync(candidate, ['-p', 'process.versions.node'], { encoding: 'utf8' });
    if (Number.parseInt(stdout ?? '', 10) >= NODE_MAJOR) return candidate;
  }
  return fail(
    `Node ${NODE_MAJOR} is needed, and this is ${process.version}. It comes as a package with an install script: ` +
      `run npm ci without --ignore-scripts, or install Node ${NODE_MAJOR}.`,
  );
}

function provideRedis() {
  if (findOnPath(['redis-server', 'valkey-server'])) return;
  say('Redis is not installed here.');
  const isDone = installSystemPackage(
    { apt: ['redis-server'], apk: ['redis'], dnf: ['valkey', 'redis'], brew: ['redis'] },
    say,
  );
  if (isDone && findOnPath(['redis-server', 'valkey-server'])) return;
  fail(
    'Redis is needed. Install it (Debian, Ubuntu: sudo apt install redis-server; Fedora: sudo dnf install valkey; ' +
      'Alpine: apk add redis; macOS: brew install redis), or set REDIS_URL to one of yours.',
  );
}

function provideChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const apps = ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];
  const find = () => process.env.CHROMIUM_PATH || findOnPath(names) || apps.find((app) => existsSync(app));
  if (find() === undefined) {
    say('Chromium, for the browser tests, is not installed here.');
    // Ubuntu's package of that name is a snap, which does not run in containers.
    const isUbuntu = /^ID=ubuntu/m.test(readText('/etc/os-release') ?? '');
    if (!isUbuntu) installSystemPackage({ apt: ['chromium'], apk: ['chromium'], dnf: ['chromium'] }, say);
  }
  const path = find();
  if (path !== undefined) {
    env.CHROMIUM_PATH = path;
    return;
  }
  const isRoot = process.getuid?.() === 0;
  const cli = join(ROOT, 'node_modules', '@playwright', 'test', 'cli.js');
  const flags = isRoot ? ['--with-deps'] : [];
  say("Taking Playwright's Chromium instead.");
  const result = spawnSync(node, [cli, 'install', ...flags, 'chromium'], { cwd: ROOT, stdio: 'inherit' });
  if (result.status !== 0) fail('The browser tests need Chromium or Chrome: install one, or set CHROMIUM_PATH.');
}

/** Backups are tested with a Postgres that brings pg_dump, as the embedded one does not. */
function providePostgres() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian) : [];
  const folders = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
    ...['/opt/homebrew', '/usr/local'].map((prefix) => join(prefix, 'opt', 'postgresql@15', 'bin')),
  ];
  const isThere = (folder) => ['postgres', 'initdb', 'pg_dump'].every((program) => existsSync(join(folder, program)));
  if (folders.some(isThere)) return;
  say('A Postgres with pg_dump, for the tests of backups, is not installed here.');
  const names = { apt: ['postgresql'], apk: ['postgresql'], dnf: ['postgresql-server'], brew: ['postgresql@15'] };
  if (installSystemPackage(names, say)) return;
  fail(
    'The tests of backups need a Postgres of the system, 15 or newer. Install it (Debian, Ubuntu: sudo apt install ' +
      'postgresql; Fedora: sudo dnf install postgresql-server; Alpine: apk add postgresql; macOS: brew install postgresql@15).',
  );
}

/** The proxy of docker-compose.yml is tested with its own configuration. */
function provideCaddy() {
  if (findOnPath(['caddy'])) return;
  say('Caddy, for the test of the proxy in front of the gateways, is not installed here.');
  const isDone = installSystemPackage({ apt: ['caddy'], apk: ['caddy'], dnf: ['caddy'], brew: ['caddy'] }, say);
  if (isDone && findOnPath(['caddy'])) return;
  fail(
    'The test of the proxy needs Caddy 2. Install it (Debian, Ubuntu: sudo apt install caddy; Fedora: sudo dnf install ' +
      'caddy; Alpine: apk add caddy; macOS: brew install caddy).',
  );
}

function run() {
  const child = spawn(node, [join(ROOT, 'scripts', `${command}.ts`), ...args], {
    cwd: ROOT,
    env,
    // The channel ends with us, however we end: the command then stops in order.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  child.on('error', (error) => fail(`Node could not be started: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 128));
  // The terminal sends Ctrl-C to the command too: it decides when it has ended, we only wait.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  watchParents(() => child.connected && child.disconnect());
}

/** npm killed with -9 tells nobody. Where a shell stands between npm and us, its parent counts too. */
function watchParents(onGone) {
  const family = () => `${process.ppid}:${parentOf(process.ppid)}`;
  const before = family();
  setInterval(() => family() !== before && onGone(), PARENT_CHECK_MS).unref();
}

function parentOf(pid) {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === undefined || !/^\d+ \((ba|da)?sh\) /.test(stat)) return '';
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
}

function findOnPath(names) {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      if (existsSync(join(folder, name))) return join(folder, name);
    }
  }
  return undefined;
}

function readJson(path) {
  const text = readText(path);
  return text === undefined ? undefined : JSON.parse(text);
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function say(line) {
  console.log(line);
}

function fail(line) {
  console.error(line);
  process.exit(1);
}
