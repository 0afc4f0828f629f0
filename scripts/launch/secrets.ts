import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Secrets that a local start makes for itself, once, in the data folder, readable by its owner alone. */
export interface Secrets {
  /** Signs sessions and seals links. A new one signs everybody out. */
  application: string;
  postgres: string;
  redis: string;
}

export function loadSecrets(data: string): Secrets {
  return {
    application: loadSecret(join(data, 'secret')),
    postgres: loadSecret(join(data, 'postgres.password')),
    redis: loadSecret(join(data, 'redis.password')),
  };
}

function loadSecret(path: string): string {
  const existing = readSecret(path);
  if (existing !== undefined) return existing;
  // Written whole before it gets its name: a start that is cut short must not leave half a secret.
  const aside = `${path}.${process.pid}`;
  writeFileSync(aside, `${randomBytes(36).toString('base64url')}\n`, { mode: 0o600 });
  rmSync(path, { force: true });
  linkSync(aside, path);
  rmSync(aside);
  return readSecret(path) as string;
}

function readSecret(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}
