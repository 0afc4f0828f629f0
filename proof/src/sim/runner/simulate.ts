import { PROMISES } from '../../oracles/violation.ts';
import { describeStep } from '../plan/plan.ts';
import { PLANTS } from '../planted/plants.ts';
import type { Broken } from './messages.ts';
import type { SimOptions } from './options.ts';
import { catchPlants, sayCaught, type Caught } from './catch-plants.ts';
import { runSeeds, type Verdict } from './run-seeds.ts';
import { SeedProcess } from './seed-process.ts';
import { startSimStores, type SimStores } from './stores.ts';
import { writeProof } from './write-proof.ts';

const TELL_EVERY_MS = 10_000;
const MOST_TOLD = 10;

/** @returns the program's exit code: 0 where every seed held, and every planted bug was caught */
export async function simulate(options: SimOptions, databaseUrl?: string): Promise<number> {
  const stores = await startSimStores(databaseUrl);
  const stop = () => void stores.stop().finally(() => process.exit(130));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  try {
    if (options.isOneSeed && options.plant === undefined && !options.isPlanted)
      return await tellOneSeed(stores, options);
    let caught: Caught[] = [];
    if (options.isPlanted || options.plant !== undefined) {
      const names = options.plant === undefined ? PLANTS.map(({ name }) => name) : [options.plant];
      caught = await catchPlants(stores, names, options, (one) => {
        console.log(sayCaught(one));
        // At once: a run that is cut short keeps what it has found.
        if (options.isWriting) writeProof({ caught: [one], first: options.first, postgres: stores.version });
      });
      const missed = caught.filter(({ seeds }) => seeds === undefined);
      console.log(`${caught.length - missed.length} of ${caught.length} planted bugs were caught`);
      // Planted bugs alone, or with as many sound seeds as are asked for.
      if (options.plant !== undefined || !options.isWriting) {
        return missed.length === 0 ? 0 : 1;
      }
    }
    const verdict = await tellSeeds(stores, options);
    if (options.isWriting) writeProof({ verdict, caught: [], first: options.first, postgres: stores.version });
    const isSound = verdict.failed.length === 0 && caught.every(({ seeds }) => seeds !== undefined);
    return isSound ? 0 : 1;
  } finally {
    await stores.stop();
  }
}

async function tellSeeds(stores: SimStores, options: SimOptions): Promise<Verdict> {
  const { first, seeds, processes } = options;
  console.log(`seeds ${first} to ${first + seeds - 1}, ${processes} processes`);
  let toldAt = performance.now();
  const verdict = await runSeeds(stores, { first, count: seeds, processes }, (ran, done) => {
    if (ran.broken.length > 0) console.log(`seed ${ran.seed}: ${sayBroken(ran.broken)}`);
    if (performance.now() - toldAt < TELL_EVERY_MS) return;
    toldAt = performance.now();
    console.log(`${done} of ${seeds}`);
  });
  const rate = (verdict.ran / verdict.seconds).toFixed(1);
  console.log(
    `${verdict.ran} seeds, ${verdict.failed.length} failed; ${verdict.seconds.toFixed(0)} s, ${rate} a second`,
  );
  for (const { seed } of verdict.failed.slice(0, MOST_TOLD)) console.log(`  npm run sim -- --seed ${seed} --shrink`);
  return verdict;
}

/** A seed alone: what happened in it, what broke, and the least of it that still breaks. */
async function tellOneSeed(stores: SimStores, { first, isShrinking }: SimOptions): Promise<number> {
  const child = await SeedProcess.start(await stores.makeDatabase());
  try {
    const ran = await child.run(first, true);
    if (ran.broken.length === 0) {
      console.log(ran.lines.join('\n'));
      console.log(`seed ${first} (${ran.fingerprint}): every promise held`);
      return 0;
    }
    if (!isShrinking) {
      console.log(ran.lines.join('\n'));
      console.log(`seed ${first} (${ran.fingerprint}): ${sayBroken(ran.broken)}`);
      return 1;
    }
    const { steps, ofSteps, runs, broken, lines } = await child.shrink(first);
    console.log(lines.join('\n'));
    console.log(`seed ${first}: ${sayBroken(broken)}`);
    console.log(`${steps.length} of ${ofSteps} steps are needed (${runs} runs):`);
    for (const step of steps) console.log(describeStep(step));
    return 1;
  } finally {
    child.stop();
  }
}

const sayBroken = (broken: Broken[]): string =>
  broken.map(({ promise, what }) => `\n  broken: ${promise} (${PROMISES[promise]})\n    ${what}`).join('');
