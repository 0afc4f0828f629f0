import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cacheFolder, findK6, NoK6Error } from './find-k6.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'muster-k6-'));
});
afterEach(() => rmSync(home, { recursive: true }));

function program(path: string, script: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}
const k6 = (path: string, version: string) => program(path, `echo "k6 v${version} (go1.26, linux/amd64)"`);
const env = () => ({ PATH: `${join(home, 'bin')}:/bin:/usr/bin`, XDG_CACHE_HOME: join(home, 'cache') });
const said: string[] = [];
const find = (more: NodeJS.ProcessEnv = {}) => findK6({ ...env(), ...more }, (line) => said.push(line));

test('takes the named one, the system’s, or the one that was built before', async () => {
  const built = k6(join(cacheFolder(env()), 'k6'), '1.8.1');
  expect(await find()).toBe(built);
  const systems = k6(join(home, 'bin', 'k6'), '1.9.0');
  expect(await find()).toBe(systems);
  const named = k6(join(home, 'elsewhere', 'k6'), '1.8.0');
  expect(await find({ K6_PATH: named })).toBe(named);
});

test('passes over one that is too old, and says so of the named one', async () => {
  const old = k6(join(home, 'bin', 'k6'), '0.54.0');
  const built = k6(join(cacheFolder(env()), 'k6'), '1.8.1');
  expect(await find()).toBe(built);
  await expect(find({ K6_PATH: old })).rejects.toThrow(/^K6_PATH \(.*\) is no k6 1\.8 or newer\.$/);
});

test('builds it where Go is, and says in one line where that does not work', async () => {
  program(
    join(home, 'bin', 'go'),
    `printf '#!/bin/sh\\necho "k6 v1.8.1 (x)"\\n' > "$GOBIN/k6" && chmod +x "$GOBIN/k6" && echo "$@" > "$GOBIN/args"`,
  );
  said.length = 0;
  expect(await find()).toBe(join(cacheFolder(env()), 'k6'));
  expect(said).toEqual([expect.stringContaining('building k6 1.8.1 with Go')]);
  rmSync(cacheFolder(env()), { recursive: true });
  program(join(home, 'bin', 'go'), 'echo "go: downloading" >&2; echo "no such host" >&2; exit 1');
  const fault = await find().catch((error: unknown) => error as NoK6Error);
  expect(fault).toBeInstanceOf(NoK6Error);
  expect(fault).toMatchObject({ hasGo: true, message: expect.stringMatching(/^k6 could not be built .*no such host/) });
});
