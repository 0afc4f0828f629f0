import { spawnSync } from 'node:child_process';

/**
 * Installs a program by the system's package manager, where that asks no question: as root, by a sudo that wants no
 * password, or by Homebrew. Tries each name until one works.
 *
 * @param {{apt?: string[], apk?: string[], dnf?: string[], brew?: string[]}} names
 * @param {(line: string) => void} say
 * @returns {boolean} whether one of them is installed now
 */
export function installSystemPackage(names, say) {
  const elevate = findElevation();
  for (const [manager, { program, update, install, needsRoot }] of Object.entries(MANAGERS)) {
    if (names[manager] === undefined || !succeeds([program, '--version'])) continue;
    if (needsRoot && elevate === undefined) continue;
    const prefix = needsRoot ? elevate : [];
    for (const name of names[manager]) {
      const command = [...prefix, ...install, name];
      say(`  ${command.join(' ')}`);
      if (succeeds(command)) return true;
      // A fresh container knows no packages until its lists are fetched.
      if (update !== undefined && succeeds([...prefix, ...update]) && succeeds(command)) return true;
    }
  }
  return false;
}

const MANAGERS = {
  apt: {
    program: 'apt-get',
    update: ['apt-get', 'update', '-qq'],
    install: ['apt-get', 'install', '-y', '-qq', '--no-install-recommends'],
    needsRoot: true,
  },
  apk: { program: 'apk', update: undefined, install: ['apk', 'add', '--no-cache'], needsRoot: true },
  dnf: { program: 'dnf', update: undefined, install: ['dnf', 'install', '-y', '-q'], needsRoot: true },
  brew: { program: 'brew', update: undefined, install: ['brew', 'install'], needsRoot: false },
};

function findElevation() {
  if (process.getuid?.() === 0) return [];
  return succeeds(['sudo', '-n', 'true']) ? ['sudo', '-n'] : undefined;
}

function succeeds([program, ...args]) {
  const result = spawnSync(program, args, {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', HOMEBREW_NO_AUTO_UPDATE: '1' },
  });
  return result.status === 0;
}
