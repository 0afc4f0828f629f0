/**
 * `npm run loadtest -- <scenario>`: loads a running product with k6, says whether it kept what it promises, and writes a
 * report (docs/load.md). The programs that k6 runs live in loadtest/.
 */
import { join } from 'node:path';
import { DEFAULT_DATA, UsageError } from './launch/options.ts';
import { writeDocument } from './loadtest/document.ts';
import { findK6, NoK6Error } from './loadtest/find-k6.ts';
import { findProduct } from './loadtest/find-product.ts';
import { parseOptions, USAGE, type LoadtestOptions } from './loadtest/options.ts';
import { startOwnProduct, type OwnProduct } from './loadtest/own-product.ts';
import { isKept, type LoadReport } from './loadtest/report.ts';
import { runLoad } from './loadtest/run-load.ts';

const ROOT = join(import.meta.dirname, '..');
const argv = process.argv.slice(2);
const say = (line: string) => console.log(line);
process.exitCode = await main();

async function main(): Promise<number> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());
  // npm killed with -9 tells nobody else.
  process.on('disconnect', () => stopping.abort());
  process.channel?.unref();
  let counted: { passed: number; failed: number } | undefined;
  try {
    const options = parseOptions(argv);
    if (options === 'help') {
      say(USAGE);
      return 0;
    }
    if (options.isCounted) counted = { passed: 0, failed: 1 };
    const reports = await load(options, stopping.signal);
    counted &&= count(reports);
    return reports.length > 0 && reports.every(isKept) ? 0 : 1;
  } catch (error) {
    console.error((error as Error).message);
    // Where there is neither k6 nor a way to build it, a machine that only checks changes is not to blame.
    if (!(error instanceof NoK6Error) || error.hasGo || counted === undefined)
      return error instanceof UsageError ? 2 : 1;
    counted = { passed: 0, failed: 0 };
    return 0;
  } finally {
    if (counted !== undefined) say(`${counted.passed} passed, ${counted.failed} failed`);
  }
}

async function load(options: LoadtestOptions, stop: AbortSignal): Promise<LoadReport[]> {
  const reports: LoadReport[] = [];
  let own: OwnProduct | undefined;
  try {
    // The product first: whether there is one is known at once, and k6 may have to be built.
    const find = () => findProduct({ url: options.url, data: own?.data ?? options.data });
    if (!options.isStarted) await find();
    const k6 = await findK6(process.env, say);
    if (options.isStarted) own = await startOwnProduct(say);
    // Never in the folder of a product of our own, which goes away with it.
    const out = options.out ?? join(options.isStarted ? join(ROOT, DEFAULT_DATA) : options.data, 'load');
    for (const one of options.loads) {
      if (stop.aborted) break;
      reports.push(await runLoad(one, { k6, product: await find(), out, say, stop }));
    }
  } finally {
    await own?.stop();
  }
  if (options.isWritten) writeDocument(join(ROOT, 'docs', 'load.md'), reports);
  return reports;
}

function count(reports: readonly LoadReport[]): { passed: number; failed: number } {
  const verdicts = reports.flatMap((report) => report.verdicts);
  const passed = verdicts.filter((verdict) => verdict.isKept).length;
  const failures = reports.filter(({ failure, verdicts: found }) => failure !== undefined || found.length === 0).length;
  return { passed, failed: verdicts.length - passed + failures };
}
