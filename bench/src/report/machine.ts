import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

export interface Machine {
  when: string;
  cpu: string;
  memory: string;
  system: string;
  node: string;
  /** Runnable processes on average, of the minute before we began: other work that took its share. */
  loadBefore: number;
  cores: number;
}

export function readMachine(): Machine {
  const cores = cpus();
  return {
    when: `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    cpu: cores[0]?.model.trim() || 'unknown',
    cores: cores.length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${/^\d+\.\d+/u.exec(release())?.[0] ?? ''}`.trim(),
    node: process.versions.node,
    loadBefore: loadavg()[0] ?? NaN,
  };
}

/** The installed version of a package, for the record. */
export function versionOf(name: string): string {
  const file = new URL(`../../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
