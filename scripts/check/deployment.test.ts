import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkDeployment } from './deployment.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const metricsIn = (text: string) =>
  new Set([...text.matchAll(/\bmuster_([a-z_]+?)(?:_(?:bucket|count|sum))?(?=[^a-z_]|$)/g)].map(([, name]) => name!));

test('the files of a deployment are in order, for the programs that are here', async () => {
  const { isGood, output } = await checkDeployment(ROOT);
  expect({ isGood, output }).toEqual({ isGood: true, output: '' });
}, 60_000);

test.each(['deploy/prometheus/alerts.yml', 'deploy/grafana/muster.json'])(
  '%s asks for metrics that docs/metrics.md explains',
  (path) => {
    const explained = new Set([...read('docs/metrics.md').matchAll(/^\| `([a-z_]+)`/gm)].map(([, name]) => name));
    const asked = metricsIn(read(path));
    expect(asked.size).toBeGreaterThan(8);
    expect([...asked].filter((name) => !explained.has(name))).toEqual([]);
  },
);

test('every workspace is known to the image: npm ci stops at a lock file with more', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { link?: boolean; resolved: string }>;
  };
  const dockerfile = read('Dockerfile');
  const folders = Object.values(packages).flatMap(({ link, resolved }) => (link ? [resolved] : []));
  expect(folders.filter((folder) => !dockerfile.includes(`COPY ${folder}/package.json ${folder}/`))).toEqual([]);
});
