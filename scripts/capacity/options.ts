import type { Demand, Machines } from './model.ts';

/** A team product at noon: people read more than they write, and each has a handful of lists. */
export const USUAL: Demand & Machines = {
  ...{ connections: 10_000, room: 10, changesPerPage: 0.02, scopesPerPage: 6 },
  ...{ runs: 1_000, viewers: 2, wordsPerSecond: 50, runSeconds: 20, returnWithin: 60 },
  ...{ share: 0.5, processBytes: 3 * 2 ** 30, postgresCores: 16 },
};

interface Option {
  flag: string;
  key: keyof typeof USUAL;
  what: string;
  /** By which a number on the command line is multiplied. */
  unit?: number;
  most?: number;
}

const OPTIONS: Option[] = [
  { flag: 'connections', key: 'connections', what: 'pages open at once' },
  { flag: 'room', key: 'room', what: 'pages that have the same list open' },
  { flag: 'changes', key: 'changesPerPage', what: 'changes that a page sends, a second' },
  { flag: 'scopes', key: 'scopesPerPage', what: 'lists that a page follows, its own scope among them' },
  { flag: 'runs', key: 'runs', what: 'answers that stream at once' },
  { flag: 'viewers', key: 'viewers', what: 'readers of each answer' },
  { flag: 'words', key: 'wordsPerSecond', what: 'words a second of each answer' },
  { flag: 'run-seconds', key: 'runSeconds', what: 'how long an answer takes' },
  { flag: 'return-within', key: 'returnWithin', what: 'seconds within which all come back after a cut' },
  { flag: 'share', key: 'share', what: 'part of a core that is used at the busiest', most: 1 },
  { flag: 'process-gb', key: 'processBytes', what: 'memory of a gateway or worker process, in GB', unit: 2 ** 30 },
  { flag: 'postgres-cores', key: 'postgresCores', what: "cores of one Postgres's machine" },
];

export const USAGE = `npm run capacity [-- --connections 1000000 --runs 100000 …] [--write]
${OPTIONS.map(({ flag, key, what, unit = 1 }) => `  --${flag.padEnd(16)}${what} (${(USUAL[key] / unit).toLocaleString('en-US')})`).join('\n')}
  --write           writes the tables of docs/capacity.md anew`;

/** @throws {Error} with a readable line where an argument is none, or its number cannot be meant */
export function parseOptions(args: readonly string[]): { values: typeof USUAL; isWrite: boolean } {
  const values = { ...USUAL };
  let isWrite = false;
  for (let at = 0; at < args.length; at++) {
    const [name, inline] = (args[at] ?? '').split('=', 2);
    if (name === '--write') {
      isWrite = true;
      continue;
    }
    const option = OPTIONS.find(({ flag }) => name === `--${flag}`);
    if (!option) throw new Error(`There is no option "${args[at]}".\n${USAGE}`);
    const { flag, key, unit = 1, most = Infinity } = option;
    const value = Number((inline ?? args[++at])?.replaceAll(/[_,]/g, '') || NaN);
    if (!(value > 0 && value <= most)) {
      throw new Error(`--${flag} wants a number above 0${most === Infinity ? '' : ` and at most ${most}`}.`);
    }
    values[key] = value * unit;
  }
  return { values, isWrite };
}
