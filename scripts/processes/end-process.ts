import { setTimeout as delay } from 'node:timers/promises';
import { findProcessIdentity, isAlive, type ProcessIdentity } from './identity.ts';

const POLL_MS = 25;

/**
 * Asks a process to end, and makes it end if it does not.
 *
 * @param signals tried in order, each given `graceMs` before the next; SIGKILL comes last by itself
 * @returns whether the process is gone
 */
export async function endProcess(
  target: ProcessIdentity | number,
  { signals = ['SIGTERM'], graceMs = 10_000 }: { signals?: NodeJS.Signals[]; graceMs?: number } = {},
): Promise<boolean> {
  const identity = typeof target === 'number' ? findProcessIdentity(target) : target;
  if (identity === undefined) return true;
  for (const signal of [...signals, 'SIGKILL' as const]) {
    if (!isAlive(identity)) return true;
    send(identity.pid, signal);
    // A stopped process acts on nothing but SIGKILL until it is continued.
    if (signal !== 'SIGKILL') send(identity.pid, 'SIGCONT');
    const deadline = Date.now() + graceMs;
    while (isAlive(identity) && Date.now() < deadline) await delay(POLL_MS);
  }
  return !isAlive(identity);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone in the meantime, which is what we want.
  }
}
