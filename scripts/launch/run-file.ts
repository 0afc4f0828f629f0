import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlAddress } from './control.ts';

/** `<data>/run.json`: how scripts and tests find a running product. It is there while the product runs. */
export interface RunFile {
  url: string;
  pid: number;
  gateways: { url: string; pid: number }[];
  workers: { pid: number }[];
  databaseUrl: string;
  redisUrl: string;
  /** Of the launcher, for `npm run rollout`; absent in dev, where changed files restart what runs on them. */
  control?: ControlAddress;
}

export const runFilePath = (data: string): string => join(data, 'run.json');

/** Written aside and renamed: a reader sees a whole file or none. For the owner only, as it holds passwords. */
export function writeRunFile(data: string, run: RunFile): void {
  const path = runFilePath(data);
  writeFileSync(`${path}.new`, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** The running product's file, or undefined. It may be that of a launcher that was killed: see the lock. */
export function readRunFile(data: string): RunFile | undefined {
  try {
    return JSON.parse(readFileSync(runFilePath(data), 'utf8')) as RunFile;
  } catch {
    return undefined;
  }
}

export function removeRunFile(data: string): void {
  rmSync(runFilePath(data), { force: true });
}
