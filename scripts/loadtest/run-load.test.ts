import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCENARIOS } from '@muster/loadtest/scenarios/scenarios';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LoadReport } from './report.ts';
import { runLoad } from './run-load.ts';

const load = { scenario: 'smoke', size: SCENARIOS.smoke.size } as const;
const WELL = { status: 'ok', summary: 'Everything works.' };
const without = (store: string) => ({ status: 'degraded', summary: `Not working: ${store}.` });

let folder: string;
let health: { code: number; body: object } | 'nothing';
let url: string;
let close: () => Promise<void>;
const said: string[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-load-test-'));
  health = { code: 200, body: WELL };
  said.length = 0;
  const server = createServer((_request, response) => {
    if (health === 'nothing') return void response.destroy();
    response.statusCode = health.code;
    response.end(JSON.stringify(health.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  close = () => new Promise((resolve) => void server.close(() => resolve()));
});
afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true });
});

const SUMMARY = {
  metrics: {
    muster_lost: { type: 'counter', values: { count: 0 }, thresholds: { 'count==0': { ok: true } } },
    muster_refused: { type: 'counter', values: { count: 4 }, thresholds: { 'count==0': { ok: false } } },
  },
};

/** A stand-in for k6, which takes a minute to build: it runs until `go-on` lies in its folder. */
function k6(end: string): string {
  const path = join(folder, 'k6');
  writeFileSync(join(folder, 'summary.json'), JSON.stringify(SUMMARY));
  const script = [
    '#!/bin/sh',
    'if [ "$1" = version ]; then echo "k6 v1.8.1 (stand-in)"; exit 0; fi',
    'echo \'{"level":"warning","msg":"mutate: unavailable, try again"}\' >&2',
    `while [ ! -e "${folder}/go-on" ]; do sleep 0.05; done`,
    end,
  ];
  writeFileSync(path, script.join('\n'));
  chmodSync(path, 0o755);
  return path;
}
const WRITES = `cp "${'${0%/*}'}/summary.json" "$MUSTER_SUMMARY"; exit 99`;

async function run(end: string, meanwhile: () => Promise<void>): Promise<LoadReport> {
  const product = { url, pids: { gateways: [process.pid], workers: [] } };
  const running = runLoad(load, {
    ...{ k6: k6(end), product, out: join(folder, 'out'), stop: new AbortController().signal },
    say: (line) => void said.push(line),
  });
  await meanwhile();
  writeFileSync(join(folder, 'go-on'), '');
  return running;
}

const written = (): { report: LoadReport; html: string } => {
  const [name] = readdirSync(join(folder, 'out'));
  const read = (file: string) => readFileSync(join(folder, 'out', name!, file), 'utf8');
  return { report: JSON.parse(read('report.json')) as LoadReport, html: read('report.html') };
};
const told = (line: RegExp) => expect.poll(() => said.some((one) => line.test(one)), { timeout: 10_000 }).toBe(true);

test.each(['redis', 'postgres'])('%s lost in the middle is told at once, and the report is written', async (store) => {
  const report = await run(WRITES, async () => {
    health = { code: 503, body: without(store) };
    await told(new RegExp(`after \\d+ s: Not working: ${store}\\.$`));
    health = { code: 200, body: WELL };
    await told(/after \d+ s: all works again, after \d+ s\.$/);
  });
  expect(report.incidents.map(({ line }) => line)).toEqual([
    `Not working: ${store}.`,
    expect.stringMatching(/^all works again/),
  ]);
  expect(report.failure).toBeUndefined();
  expect(report.verdicts).toEqual([
    { promise: 'lost = 0 (0)', isKept: true },
    { promise: 'refused = 0 (4)', isKept: false },
  ]);
  expect(said).toContain('  ✗ refused = 0 (4)');
  expect(written().report).toEqual(report);
  expect(written().html).toContain(`Not working: ${store}.`);
  expect(written().html).toContain('mutate: unavailable, try again');
});

test('a product that is gone is told, and one that k6 cannot go on with has its report too', async () => {
  const end = `printf '%s\\n' '{"level":"error","msg":"setup: no answer\\nat x"}' >&2; exit 107`;
  const report = await run(end, async () => {
    health = 'nothing';
    await told(/The product does not answer\.$/);
  });
  expect(report).toMatchObject({ failure: 'setup: no answer', verdicts: [], figures: [] });
  expect(said.at(-1)).toMatch(/^ {2}✗ setup: no answer; the report is .*report\.html$/);
  expect(written().html).toContain('Not finished: setup: no answer.');
});

test('the memory of the product’s processes is in it', async () => {
  const report = await run(WRITES, async () => undefined);
  expect(report.memory[0]?.gateways).toBeGreaterThan(1_000_000);
});
