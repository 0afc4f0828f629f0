/** `npm run bench`: measures the product beside its peers, prints the figures and writes docs/performance.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureBigStore } from './big-store/measure-big-store.ts';
import { measureCommitPart } from './commit-part.ts';
import { measureCosts } from './costs/measure-costs.ts';
import { measureDashboard } from './dashboard/measure-dashboard.ts';
import { measureDelivery } from './delivery/measure-delivery.ts';
import { measureFanOut } from './fan-out/measure-fan-out.ts';
import { measureIdle } from './idle/measure-idle.ts';
import type { MeasureContext } from './measure-context.ts';
import { measureOpen } from './open-list/measure-open.ts';
import { measurePage } from './page/measure-page.ts';
import { USAGE, parseOptions, type BenchOptions, type Part } from './options.ts';
import { startStores, type Stores } from './product/stores.ts';
import { writeDocument, type Measured } from './report/document.ts';
import { readMachine, versionOf } from './report/machine.ts';
import type { Result, Row } from './report/row.ts';
import { measureRuns } from './runs/measure-runs.ts';
import { measureStorm } from './storm/measure-storm.ts';
import { measureTabs } from './tabs/measure-tabs.ts';
import { measureThroughSocket } from './through-socket/measure-through-socket.ts';

const DOCUMENT = join(import.meta.dirname, '..', '..', 'docs', 'performance.md');

const MEASURES: Record<Part, (context: MeasureContext) => Promise<Result>> = {
  delivery: measureDelivery,
  open: measureOpen,
  'fan-out': measureFanOut,
  idle: measureIdle,
  dashboard: measureDashboard,
  storm: measureStorm,
  runs: measureRuns,
  commit: measureCommitPart,
  socket: measureThroughSocket,
  costs: measureCosts,
  'big-store': measureBigStore,
  page: measurePage,
  tabs: measureTabs,
};

const args = process.argv.slice(2);
if (args.includes('--help')) console.log(USAGE);
else process.exitCode = await bench(readOptions());

function readOptions(): BenchOptions {
  try {
    return parseOptions(args);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

async function bench({ parts, isQuick, isWritten }: BenchOptions): Promise<number> {
  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1_000).toFixed(0).padStart(4);
  const say = (line: string) => console.log(`${seconds()} s  ${line}`);
  const machine = readMachine();
  say(`${machine.cores} cores, a load of ${machine.loadBefore.toFixed(1)}`);
  const stores = await startStores();
  stopOnSignal(stores);
  try {
    const measured: Measured['parts'] = [];
    for (const part of parts) {
      say(part);
      const context = { stores, isQuick, say: (line: string) => say(`  ${line}`) };
      try {
        const result = await MEASURES[part](context);
        for (const row of result.rows) say(`  ${lineOf(row)}`);
        for (const note of result.notes ?? []) say(`  ${note}`);
        measured.push({ part, outcome: result });
      } catch (error) {
        // The other parts are worth having all the same; the document says what is missing.
        console.error(error);
        measured.push({ part, outcome: { failure: (error as Error).message.split('\n')[0] ?? '' } });
      }
    }
    if (!isWritten) say('docs/performance.md stays as it is.');
    else {
      const tookSeconds = (performance.now() - began) / 1_000;
      const all = { machine, versions: versionsOf(stores), tookSeconds, parts: measured };
      writeFileSync(DOCUMENT, writeDocument(all, readFileSync(DOCUMENT, 'utf8')));
      say('docs/performance.md is written.');
    }
    return measured.some(({ outcome }) => 'failure' in outcome) ? 1 : 0;
  } finally {
    await stores.stop();
  }
}

/** They have process groups of their own, which Ctrl-C does not reach. */
function stopOnSignal(stores: Stores): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void stores.stop().finally(() => process.exit(130)));
  }
}

function lineOf({ name, measured, against, ratio, goal, isMet }: Row): string {
  const beside = against === undefined ? '' : ` beside ${against}`;
  const times = ratio === undefined ? '' : `, ${ratio.toFixed(2)} ×`;
  const verdict = goal === undefined ? '' : ` (${goal}: ${isMet === true ? 'met' : 'MISSED'})`;
  return `${name}: ${measured}${beside}${times}${verdict}`;
}

function versionsOf(stores: Stores): Record<string, string> {
  const packages = ['socket.io', 'socket.io-client', 'ws', 'pg'].map((name) => [name, versionOf(name)]);
  return { Postgres: stores.postgresVersion, Redis: stores.redisVersion, ...Object.fromEntries(packages) };
}
