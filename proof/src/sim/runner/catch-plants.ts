import type { PlantedBug } from '../planted/planted-bug.ts';
import { PLANTS } from '../planted/plants.ts';
import type { Broken } from './messages.ts';
import type { SimOptions } from './options.ts';
import { SeedProcess } from './seed-process.ts';
import type { SimStores } from './stores.ts';

/** A planted bug that so many seeds do not show is not caught. */
const MOST_SEEDS = 400;
/** Nor is one that so long does not show, however slow the machine. */
const MOST_MS = 1_200_000;

export interface Caught {
  name: string;
  /** How many seeds it took; undefined where none showed it. */
  seeds?: number;
  seed?: number;
  broken?: Broken;
  seconds: number;
  /** Why it could not be tried. */
  fault?: string;
}

/** A search for what a planted bug breaks: several processes may go through its seeds together. */
interface Search {
  bug: PlantedBug;
  began: number;
  first: number;
  tried: number;
  processes: number;
  caught?: Caught;
}

/**
 * Plants one bug after another, each in processes of its own, and runs seeds until its promise breaks. A process that has
 * nothing left to begin with helps where a search goes on.
 */
export async function catchPlants(
  stores: SimStores,
  names: readonly string[],
  { first, processes }: SimOptions,
  tell: (caught: Caught) => void,
): Promise<Caught[]> {
  const bugs = names.map((name) => PLANTS.find((one) => one.name === name) ?? name);
  const unknown = bugs.find((bug) => typeof bug === 'string');
  if (unknown !== undefined)
    throw new Error(`There is no planted bug "${unknown}": ${PLANTS.map((one) => one.name).join(', ')}`);
  const searches = (bugs as PlantedBug[]).map((bug): Search => ({ bug, began: 0, first, tried: 0, processes: 0 }));
  const work = async () => {
    for (;;) {
      const open = searches.filter(({ caught }) => caught === undefined);
      const next = open.toSorted((a, b) => a.processes - b.processes)[0];
      if (next === undefined) return;
      next.processes += 1;
      await search(stores, next, tell);
      next.processes -= 1;
    }
  };
  await Promise.all(Array.from({ length: processes }, work));
  return searches.map(({ caught }) => caught!);
}

/** Goes through seeds of its own until the bug is caught, here or by another process, or the search is given up. */
async function search(stores: SimStores, of: Search, tell: (caught: Caught) => void): Promise<void> {
  const { bug, first } = of;
  if (of.began === 0) of.began = performance.now();
  const end = (how: Pick<Caught, 'seeds' | 'seed' | 'broken' | 'fault'>) => {
    if (of.caught) return;
    of.caught = { name: bug.name, seconds: (performance.now() - of.began) / 1_000, ...how };
    tell(of.caught);
  };
  let child: SeedProcess | undefined;
  try {
    child = await SeedProcess.start(await stores.makeDatabase(), bug.name);
    while (!of.caught) {
      if (of.tried >= MOST_SEEDS || performance.now() - of.began > MOST_MS) return end({});
      of.tried += 1;
      const { seed, broken } = await child.run(first + of.tried - 1);
      const fits = broken.find(({ promise }) => bug.breaks.includes(promise));
      if (fits) end({ seeds: seed - first + 1, seed, broken: fits });
    }
  } catch (error) {
    end({ fault: (error as Error).message.slice(0, 200) });
  } finally {
    child?.stop();
  }
}

export function sayCaught({ name, seeds, seed, broken, seconds, fault }: Caught): string {
  const took = `${seconds.toFixed(0)} s`;
  if (broken === undefined) return `✗ ${name}: not caught (${fault ?? `${MOST_SEEDS} seeds`}, ${took})`;
  return `✓ ${name}: ${broken.promise}, after ${seeds} seeds (${seed}, ${took})\n    ${broken.what.slice(0, 160)}`;
}
