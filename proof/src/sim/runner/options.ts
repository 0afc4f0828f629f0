import { availableParallelism } from 'node:os';

export interface SimOptions {
  seeds: number;
  /** The first seed. */
  first: number;
  isOneSeed: boolean;
  /** Only this planted bug. */
  plant: string | undefined;
  /** All planted bugs, each until it is caught. */
  isPlanted: boolean;
  /** Takes a failing seed apart until the least is left that still fails. */
  isShrinking: boolean;
  /** Writes docs/sync-proof.md. */
  isWriting: boolean;
  processes: number;
}

export const USAGE = `npm run sim [-- options]
  --seeds <n>      so many seeds (default 200), from today's on
  --seed <n>       this seed alone, with all that happened; with --seeds: the first one
  --planted        every planted bug, each until it is caught: the proof of the proof
  --plant <name>   this planted bug alone
  --shrink         takes the first failing seed apart, until the least is left that still fails
  --write          writes docs/sync-proof.md, with the planted bugs where they were run
  --processes <n>  side by side (default: two a core, since each waits for Postgres half of the time)`;

const MS_A_DAY = 86_400_000;
/** Days do not share seeds up to this many. */
const SEEDS_A_DAY = 20_000;

/** Another world every day, the same for everyone. */
export const seedOfDay = (now: number): number => Math.floor(now / MS_A_DAY) * SEEDS_A_DAY;

/** @throws {Error} with a readable line where an argument is none */
export function parseOptions(args: readonly string[], now: number): SimOptions {
  const options: SimOptions = {
    ...{ seeds: 200, first: seedOfDay(now), isOneSeed: false, plant: undefined, isPlanted: false },
    ...{ isShrinking: false, isWriting: false, processes: 2 * availableParallelism() },
  };
  let hasSeeds = false;
  let hasSeed = false;
  for (let at = 0; at < args.length; at++) {
    const [name, inline] = (args[at] ?? '').split('=', 2);
    const value = () => inline ?? args[++at] ?? '';
    const count = () => {
      const number = Number(value());
      if (!Number.isSafeInteger(number) || number < 0) throw new Error(`${name} needs a number.\n${USAGE}`);
      return number;
    };
    if (name === '--seeds') [options.seeds, hasSeeds] = [count(), true];
    else if (name === '--seed') [options.first, hasSeed] = [count(), true];
    else if (name === '--processes') options.processes = Math.max(1, count());
    else if (name === '--plant') options.plant = value();
    else if (name === '--planted') options.isPlanted = true;
    else if (name === '--shrink') options.isShrinking = true;
    else if (name === '--write') options.isWriting = true;
    else throw new Error(`There is no option "${args[at]}".\n${USAGE}`);
  }
  if (hasSeed && !hasSeeds) [options.seeds, options.isOneSeed] = [1, true];
  return options;
}
