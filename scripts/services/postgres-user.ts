import { execFileSync, spawnSync } from 'node:child_process';

/**
 * Postgres refuses to run as root. When we are root its programs run as the system user `postgres` instead, which
 * is made if it is not there.
 */
export interface PostgresUser {
  uid: number;
  gid: number;
}

/** The user to run Postgres as, or undefined if we are not root and it runs as ourselves. */
export function getPostgresUser(): PostgresUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const existing = findUser();
  if (existing !== undefined) return existing;
  for (const [command, args] of [
    ['useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres']],
    ['adduser', ['-S', '-D', '-H', '-s', '/sbin/nologin', 'postgres']],
  ] as const) {
    spawnSync(command, args, { stdio: 'ignore' });
    const made = findUser();
    if (made !== undefined) return made;
  }
  throw new Error('Postgres does not run as root, and the user "postgres" could not be made. Start as another user.');
}

export interface PostgresCommand {
  file: string;
  args: string[];
  uid?: number;
  gid?: number;
}

/**
 * How to run a Postgres program so that it can reach its own files and `folder`.
 *
 * A clone in root's home is closed to every other user. There the program keeps the right to pass closed folders
 * (Linux capabilities, by `setpriv`), so that nobody's permissions have to be loosened.
 */
export function postgresCommand(
  user: PostgresUser | undefined,
  program: string,
  args: string[],
  folder: string,
): PostgresCommand {
  if (user === undefined) return { file: program, args };
  if (canReach(user, program, folder)) return { file: program, args, ...user };
  if (spawnSync('setpriv', ['--version'], { stdio: 'ignore' }).status !== 0) {
    throw new Error(
      `Postgres runs as the user "postgres", who may not enter ${folder} or ${program}. Use folders that others may ` +
        'enter (for the data: --data), start as another user, or set DATABASE_URL.',
    );
  }
  const capabilities = '+dac_override,+dac_read_search';
  const bounded = hasCapability('dac_read_search') ? capabilities : '+dac_override';
  return {
    file: 'setpriv',
    args: [
      `--reuid=${user.uid}`,
      `--regid=${user.gid}`,
      '--clear-groups',
      `--inh-caps=${bounded}`,
      `--ambient-caps=${bounded}`,
      // Or access(2), by which Postgres looks for its own files, would leave the rights out.
      '--securebits=+no_setuid_fixup',
      program,
      ...args,
    ],
  };
}

function findUser(): PostgresUser | undefined {
  try {
    const id = (flag: string) =>
      Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

function canReach(user: PostgresUser, program: string, folder: string): boolean {
  const test = spawnSync('/bin/sh', ['-c', 'test -x "$0" && test -r "$0" && test -d "$1/."', program, folder], {
    ...user,
    stdio: 'ignore',
    cwd: '/',
  });
  return test.status === 0;
}

function hasCapability(name: string): boolean {
  const list = spawnSync('setpriv', ['--dump'], { encoding: 'utf8' });
  return /Capability bounding set: .*/.exec(list.stdout ?? '')?.[0].includes(name) ?? false;
}
