import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readMachine } from '../../bench/src/report/machine.ts';
import type { Sample } from './dashboard-events.ts';
import { figuresOf, verdictsOf, whole } from './figures.ts';
import type { Product } from './find-product.ts';
import { sizeInWords, type Load } from './options.ts';
import { isKept, writeHtml, type LoadReport } from './report.ts';
import { runK6 } from './run-k6.ts';
import { watchProduct } from './watch-product.ts';

const PROGRESS_EVERY = 5;

export interface LoadContext {
  k6: string;
  product: Product;
  /** The folder of all reports. */
  out: string;
  say: (line: string) => void;
  stop: AbortSignal;
}

/** Runs one scenario, says how it goes, and writes its report, whatever happened. */
export async function runLoad(load: Load, { k6, product, out, say, stop }: LoadContext): Promise<LoadReport> {
  const beganAt = new Date();
  const machine = readMachine();
  const folder = join(out, `${beganAt.toISOString().replace(/[:.]/g, '-').slice(0, 19)}-${load.scenario}`);
  mkdirSync(folder, { recursive: true });
  say(`${load.scenario}: ${sizeInWords(load.size)}, against ${product.url}`);
  const watch = watchProduct(product, (line) => say(`  ${line}`));
  let seconds = 0;
  const run = await runK6(load, {
    ...{ k6, url: product.url, folder, stop },
    onSample: (sample) => {
      if (++seconds % PROGRESS_EVERY === 0) say(`  ${progressOf(seconds, sample)}`);
    },
  });
  await watch.stop();
  const report: LoadReport = {
    ...load,
    url: product.url,
    beganAt: beganAt.toISOString(),
    tookSeconds: (Date.now() - beganAt.getTime()) / 1_000,
    machine,
    k6: execFileSync(k6, ['version'], { encoding: 'utf8' }).split('\n')[0]!.trim(),
    ...(run.failure === undefined ? {} : { failure: run.failure }),
    verdicts: run.summary === undefined ? [] : verdictsOf(run.summary),
    figures: run.summary === undefined ? [] : figuresOf(run.summary),
    incidents: watch.incidents,
    warnings: run.warnings,
    samples: run.samples,
    memory: watch.memory,
  };
  const page = join(folder, 'report.html');
  writeFileSync(join(folder, 'report.json'), `${JSON.stringify(report, null, 1)}\n`);
  writeFileSync(page, writeHtml(report));
  rmSync(join(folder, 'k6-summary.json'), { force: true });
  for (const { name, value } of report.figures) say(`  ${name}: ${value}`);
  for (const { line, times } of report.warnings) say(`  ${times} × ${line}`);
  for (const { promise, isKept: held } of report.verdicts) if (!held) say(`  ✗ ${promise}`);
  const end = isKept(report) ? 'every threshold held' : (report.failure ?? 'not every threshold held');
  say(`  ${isKept(report) ? '✓' : '✗'} ${end}; the report is ${page}`);
  return report;
}

function progressOf(second: number, { values }: Sample): string {
  const of = (metric: string, aggregate: string) => values[metric]?.[aggregate];
  const parts = [`${String(second).padStart(4)} s`];
  const add = (value: number | undefined, words: (text: string) => string) => {
    if (value !== undefined) parts.push(words(whole(value)));
  };
  add(of('muster_delivered', 'rate'), (text) => `${text} changes/s`);
  add(of('muster_delivery', 'p(95)'), (text) => `delivery p95 ${text} ms`);
  add(of('muster_pieces', 'rate'), (text) => `${text} pieces of text/s`);
  add(of('muster_token_lag', 'p(95)'), (text) => `token lag p95 ${text} ms`);
  add(of('muster_back', 'count'), (text) => `${text} came back`);
  // Before the load there are people and lists to make.
  if (parts.length === 1) add(of('http_reqs', 'rate') ?? 0, (text) => `making people and lists, ${text} requests/s`);
  return parts.join('  ');
}
