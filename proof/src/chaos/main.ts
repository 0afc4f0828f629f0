/** `npm run chaos`: rounds of chaos, and a verdict. Exits with 1 where a promise was broken. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Violation } from '../oracles/violation.ts';
import { summaryOf, withSummary, type RoundFigures, type RunFigures } from './figures.ts';
import { parseOptions, USAGE, type ChaosOptions } from './options.ts';
import { reportOf } from './report.ts';
import { Round } from './round.ts';

const SEEDS = 1_000_000;
const DOCUMENT = join(import.meta.dirname, '..', '..', '..', 'docs', 'chaos.md');

const args = process.argv.slice(2);
if (args.includes('--help')) console.log(USAGE);
else process.exit(await chaos(readOptions()));

function readOptions(): ChaosOptions {
  try {
    return parseOptions(args);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

async function chaos(options: ChaosOptions): Promise<number> {
  const first = options.seed ?? Math.floor(Math.random() * SEEDS);
  const logs = options.logs ?? mkdtempSync(join(tmpdir(), 'muster-chaos-'));
  const broken: number[] = [];
  const rounds: RoundFigures[] = [];
  for (let n = 0; n < options.rounds; n++) {
    const seed = first + n;
    const folder = join(logs, `round-${seed}`);
    console.log(`Round ${n + 1} of ${options.rounds}, seed ${seed}: ${options.clients} clients`);
    const { found, ...figures } = await runRound(options, seed, folder);
    for (const line of reportOf(found, folder)) console.log(line);
    rounds.push({ ...figures, seed, broken: found.map(({ promise }) => promise) });
    // After each: whatever ends this program, what was found stands there.
    if (options.isWritten) write({ ...options, rounds, on: new Date() });
    if (found.length > 0) {
      broken.push(seed);
      writeFileSync(join(folder, 'violations.json'), JSON.stringify(found, null, 2));
    } else if (!options.isKept) rmSync(folder, { recursive: true, force: true });
  }
  if (broken.length === 0 && !options.isKept) rmSync(logs, { recursive: true, force: true });
  for (const line of summaryOf({ ...options, rounds, on: new Date() })) console.log(line);
  const all = `${options.rounds} ${options.rounds === 1 ? 'round' : 'rounds'}`;
  if (broken.length === 0) console.log(`VERDICT: every promise was kept in ${all} (seeds from ${first}).`);
  else
    console.log(`VERDICT: BROKEN in ${broken.length} of ${all}, seeds ${broken.join(', ')}. The logs lie in ${logs}.`);
  return broken.length === 0 ? 0 : 1;
}

function write(figures: RunFigures): void {
  writeFileSync(DOCUMENT, withSummary(readFileSync(DOCUMENT, 'utf8'), summaryOf(figures)));
}

async function runRound({ clients, minutes, isBrief, acts }: ChaosOptions, seed: number, folder: string) {
  const began = performance.now();
  const say = (line: string) => console.log(`  ${line}`);
  let close = async () => {};
  let isInterrupted = false;
  const stop = () => {
    isInterrupted = true;
    void close().finally(() => process.exit(130));
  };
  // They have process groups of their own, which Ctrl-C does not reach; `disconnect`: whoever started us is gone.
  const ends = ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const;
  for (const end of ends) process.once(end, stop);
  try {
    const round = await Round.begin({
      ...{ seed, clients, isBrief, folder, say, stormMs: minutes * 60_000, actsPerSecond: acts },
      opened: (closeAll) => (close = closeAll),
    });
    say(`${((performance.now() - began) / 1_000).toFixed(0)} s to begin`);
    await round.storm();
    const late: Violation[] = await round.rest();
    const found = [...late, ...(await round.verdict())];
    const seconds = (performance.now() - began) / 1_000;
    return { found, seconds, faults: round.faults, ...round.waited!, judged: round.judged! };
  } catch (error) {
    // What fails because everything is being closed is no news.
    if (isInterrupted) return await new Promise<never>(() => undefined);
    throw error;
  } finally {
    for (const end of ends) process.off(end, stop);
    await close();
    say(`${((performance.now() - began) / 1_000).toFixed(0)} s in all`);
  }
}
