import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Look {
  /** What looks, by its names; the first one that is there is taken. */
  programs: string[][];
  args: string[];
  env?: NodeJS.ProcessEnv;
}

/** The files of a deployment, by the programs that read them. */
const LOOKS: Look[] = [
  {
    programs: [['docker', 'compose'], ['docker-compose']],
    args: ['--profile', 'watch', '-f', 'docker-compose.yml', 'config', '--quiet'],
    env: { SITE_ADDRESS: 'muster.example' },
  },
  {
    programs: [['caddy']],
    args: ['adapt', '--config', 'deploy/Caddyfile', '--adapter', 'caddyfile'],
    env: { SITE_ADDRESS: 'muster.example' },
  },
  { programs: [['promtool']], args: ['check', 'config', 'deploy/prometheus/prometheus.yml'] },
  { programs: [['promtool']], args: ['test', 'rules', 'deploy/prometheus/alerts.test.yml'] },
];

/** Checks them with what is installed here, and says what is not. */
export async function checkDeployment(root: string): Promise<{ isGood: boolean; output: string; note?: string }> {
  const faults: string[] = [];
  const absent = new Set<string>();
  const home = mkdtempSync(join(tmpdir(), 'muster-deployment-'));
  const run = ([program = '', ...first]: string[], args: string[], env: NodeJS.ProcessEnv = {}) =>
    spawnSync(program, [...first, ...args], {
      cwd: root,
      env: { ...process.env, HOME: home, ...env },
      encoding: 'utf8',
    });
  for (const { programs, args, env } of LOOKS) {
    // A docker without compose answers for itself: its word is not enough.
    const program = programs.find((words) => {
      const { status, stdout } = run(words, [words[0] === 'promtool' ? '--version' : 'version']);
      return status === 0 && (words[1] === undefined || stdout.toLowerCase().includes(words[1]));
    });
    if (program === undefined) {
      absent.add(programs.at(-1)!.join(' '));
      continue;
    }
    const { status, stdout, stderr } = run(program, args, env);
    if (status !== 0) faults.push(`${[...program, ...args].join(' ')}\n${stdout}${stderr}`);
  }
  rmSync(home, { recursive: true, force: true });
  return {
    isGood: faults.length === 0,
    output: faults.join('\n'),
    ...(absent.size === 0 ? {} : { note: `not looked at by ${[...absent].join(', ')}: not installed here` }),
  };
}
