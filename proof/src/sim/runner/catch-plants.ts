import type { PlantedBug } from '../planted/planted-bug.ts';
import { PLANTS } from '../planted/plants.ts';
import type { Broken } from './messages.ts';
import type { SimOptions } from './options.ts';
import { SeedProcess } from './seed-process.ts';
import type { SimStores } from './stores.ts';

/** A planted bug that so many seeds do not show is not caught. */
const MOST_SEEDS = 400;
/** Nor is one that so long does not show. */
const MOST_MS = 300_000;

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

/** Plants one bug after another, each in processes of its own, and runs seeds until its promise breaks. */
export async function catchPlants(
  stores: SimStores,
  names: readonly string[],
  { first, processes }: SimOptions,
  say: (line: string) => void,
): Promise<Caught[]> {
  const found = new Map<string, Caught>();
  const waiting = [...names];
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const bug = PLANTS.find((one) => one.name === name);
      if (bug === undefined)
        throw new Error(`There is no planted bug "${name}": ${PLANTS.map((one) => one.name).join(', ')}`);
      const caught = await catchOne(stores, bug, first);
      found.set(name, caught);
      say(sayCaught(caught));
    }
  };
  await Promise.all(Array.from({ length: Math.min(processes, names.length) }, work));
  return names.map((name) => found.get(name)!);
}

async function catchOne(stores: SimStores, bug: PlantedBug, first: number): Promise<Caught> {
  const began = performance.now();
  const { name } = bug;
  const seconds = () => (performance.now() - began) / 1_000;
  const child = await SeedProcess.start(await stores.makeDatabase(), name).catch((error: Error) => error);
  if (child instanceof Error) return { name, seconds: seconds(), fault: child.message };
  try {
    for (let tried = 1; tried <= MOST_SEEDS && performance.now() - began < MOST_MS; tried++) {
      const seed = first + tried - 1;
      const { broken } = await child.run(seed);
      const fits = broken.find(({ promise }) => bug.breaks.includes(promise));
      if (fits) return { name, seeds: tried, seed, broken: fits, seconds: seconds() };
    }
    return { name, seconds: seconds() };
  } catch (error) {
    return { name, seconds: seconds(), fault: (error as Error).message.slice(0, 200) };
  } finally {
    child.stop();
  }
}

function sayCaught({ name, seeds, seed, broken, seconds, fault }: Caught): string {
  const took = `${seconds.toFixed(0)} s`;
  if (broken === undefined) return `✗ ${name}: not caught (${fault ?? `${MOST_SEEDS} seeds`}, ${took})`;
  return `✓ ${name}: ${broken.promise}, after ${seeds} seeds (${seed}, ${took})\n    ${broken.what.slice(0, 160)}`;
}
