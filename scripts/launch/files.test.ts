import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hashFolders } from './folder-hash.ts';
import { takeLock } from './lock.ts';
import { readRunFile, removeRunFile, runFilePath, writeRunFile } from './run-file.ts';
import { loadSecrets } from './secrets.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const mode = (path: string) => statSync(path).mode & 0o777;

test('run.json is written, read by its owner alone, and removed', () => {
  const run = {
    url: 'http://localhost:1',
    pid: 2,
    gateways: [{ url: 'http://localhost:3', pid: 4 }],
    workers: [{ pid: 5 }],
    databaseUrl: 'postgresql://a',
    redisUrl: 'redis://b',
  };
  expect(readRunFile(folder)).toBeUndefined();
  writeRunFile(folder, run);
  expect(readRunFile(folder)).toEqual(run);
  expect(mode(runFilePath(folder))).toBe(0o600);
  removeRunFile(folder);
  expect(readRunFile(folder)).toBeUndefined();
});

test('secrets are made once, are long, differ, and are for their owner alone', () => {
  const secrets = loadSecrets(folder);
  expect(loadSecrets(folder)).toEqual(secrets);
  expect(new Set(Object.values(secrets)).size).toBe(3);
  expect(secrets.application.length).toBeGreaterThanOrEqual(32);
  expect(mode(join(folder, 'secret'))).toBe(0o600);
});

test('a secret that is empty on disk is made anew', () => {
  writeFileSync(join(folder, 'secret'), '');
  expect(loadSecrets(folder).application).not.toBe('');
});

test('a lock is held by one, and told by whom', () => {
  const path = join(folder, 'lock');
  const first = takeLock(path);
  expect(takeLock(path)).toMatchObject({ holder: { pid: process.pid } });
  if ('release' in first) first.release();
  expect(takeLock(path)).toHaveProperty('release');
});

test.each([
  ['of a process that is gone', JSON.stringify({ pid: 2_147_483_600, token: 'x' })],
  ['of another process that has got its number', JSON.stringify({ pid: process.pid, token: 'earlier' })],
  ['that is not readable', 'rubbish'],
])('a lock %s counts for nothing', (_what, content) => {
  const path = join(folder, 'lock');
  writeFileSync(path, content);
  expect(takeLock(path)).toHaveProperty('release');
});

test('a hash over folders sees names and contents, and not what is built from them', () => {
  mkdirSync(join(folder, 'src', 'build'), { recursive: true });
  writeFileSync(join(folder, 'src', 'a.ts'), 'one');
  const before = hashFolders(folder, ['src', 'absent']);
  writeFileSync(join(folder, 'src', 'build', 'out.js'), 'x');
  expect(hashFolders(folder, ['absent', 'src'])).toBe(before);
  writeFileSync(join(folder, 'src', 'a.ts'), 'two');
  const changed = hashFolders(folder, ['src']);
  expect(changed).not.toBe(before);
  writeFileSync(join(folder, 'src', 'b.ts'), '');
  expect(hashFolders(folder, ['src'])).not.toBe(changed);
});
