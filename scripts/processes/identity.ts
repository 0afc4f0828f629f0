import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * A process id alone says little: after a reboot, or in a container, the number may belong to somebody else.
 * The pair of id and start time names one process for good.
 */
export interface ProcessIdentity {
  pid: number;
  /** Opaque start time of that process; equal tokens mean the same process. */
  token: string;
}

/** The identity of a living process, or undefined if there is none (zombies count as dead). */
export function findProcessIdentity(pid: number): ProcessIdentity | undefined {
  const token = process.platform === 'linux' ? linuxToken(pid) : psToken(pid);
  return token === undefined ? undefined : { pid, token };
}

/** Whether exactly this process still lives. */
export function isAlive(identity: ProcessIdentity): boolean {
  return findProcessIdentity(identity.pid)?.token === identity.token;
}

/** The command line of a living process, for the places where only its number is on file. */
export function findCommandLine(pid: number): string | undefined {
  if (process.platform === 'linux') {
    const raw = readOrUndefined(`/proc/${pid}/cmdline`);
    return raw === undefined || raw === '' ? undefined : raw.replaceAll('\0', ' ').trim();
  }
  return ps(pid, 'command=');
}

/** Living processes whose working folder this is (Linux; elsewhere none are found). */
export function findProcessesIn(folder: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && linkOrUndefined(`/proc/${pid}/cwd`) === folder && linuxToken(pid) !== undefined);
}

function linuxToken(pid: number): string | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second field is the name in brackets and may itself hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const startTime = fields[19];
  if (startTime === undefined || state === 'Z' || state === 'X') return undefined;
  const bootId = readOrUndefined('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  return `${bootId}:${startTime}`;
}

function psToken(pid: number): string | undefined {
  const state = ps(pid, 'state=');
  return state === undefined || state.startsWith('Z') ? undefined : ps(pid, 'lstart=');
}

function ps(pid: number, column: string): string | undefined {
  try {
    const text = execFileSync('ps', ['-o', column, '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function linkOrUndefined(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
