import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { endProcess } from './end-process.ts';
import { findProcessIdentity, type ProcessIdentity } from './identity.ts';

/**
 * The children of a launcher, on file: a launcher that is killed takes nobody with it, and the next one must know whom
 * to end before it starts its own (two Redis servers on one append-only file would ruin it).
 */
export interface Ledger {
  add(pid: number): void;
  remove(pid: number): void;
}

/** Ends what an earlier launcher left running. @returns how many there were */
export async function endLeftovers(path: string): Promise<number> {
  const left = readEntries(path).filter(({ pid, token }) => findProcessIdentity(pid)?.token === token);
  // SIGINT, since to Postgres SIGTERM means: wait until the last client has gone.
  await Promise.all(left.map((identity) => endProcess(identity, { signals: ['SIGINT', 'SIGQUIT'] })));
  return left.length;
}

export function createLedger(path: string): Ledger {
  const entries = new Map<number, ProcessIdentity>();
  const save = () => {
    writeFileSync(`${path}.new`, JSON.stringify([...entries.values()]), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  save();
  return {
    add: (pid) => {
      const identity = findProcessIdentity(pid);
      if (identity !== undefined) entries.set(pid, identity);
      save();
    },
    remove: (pid) => {
      entries.delete(pid);
      save();
    },
  };
}

function readEntries(path: string): ProcessIdentity[] {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity[];
  } catch {
    return [];
  }
}
