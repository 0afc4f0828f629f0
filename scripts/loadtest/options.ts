import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SCENARIO_NAMES, SCENARIOS, type ScenarioName, type ScenarioSize } from '@muster/loadtest/scenarios/scenarios';
import { DEFAULT_DATA, UsageError } from '../launch/options.ts';

/** One scenario at one size. */
export interface Load {
  scenario: ScenarioName;
  size: ScenarioSize;
}

export interface LoadtestOptions {
  loads: Load[];
  /** Where the product is; undefined: by the run.json of `data`, or one of our own. */
  url: string | undefined;
  data: string;
  /** A product of our own, in a new folder, ended afterwards. */
  isStarted: boolean;
  /** The folder of the reports; undefined: in the data folder. */
  out: string | undefined;
  /** Into the table of docs/load.md. */
  isWritten: boolean;
  /** End with `N passed, N failed`, for .ci/run. */
  isCounted: boolean;
}

const LIMITS: Record<keyof ScenarioSize, { min: number; max: number; what: string }> = {
  vus: { min: 1, max: 10_000, what: 'open pages, or conversations in chats' },
  seconds: { min: 5, max: 86_400, what: 'how long the load lasts' },
  rate: { min: 1, max: 10_000, what: 'changes a second of all together, or words a second of each answer' },
  viewers: { min: 1, max: 100, what: 'who reads each answer' },
};
const SIZES = Object.keys(LIMITS) as (keyof ScenarioSize)[];

/** What `all` runs: each at its own size, and as many answers as one machine streams. */
const ALL: { scenario: ScenarioName; size?: Partial<ScenarioSize> }[] = [
  { scenario: 'smoke' },
  { scenario: 'fanout' },
  { scenario: 'teams' },
  { scenario: 'chats' },
  { scenario: 'chats', size: { vus: 1_000, viewers: 1 } },
  { scenario: 'storm' },
  { scenario: 'spike' },
  { scenario: 'soak' },
];

export const USAGE = [
  `npm run loadtest -- <scenario> [${SIZES.map((name) => `--${name} N`).join('] [')}] [--url U | --data D | --start]`,
  '',
  ...SCENARIO_NAMES.map(
    (name) => `  ${name.padEnd(8)} ${SCENARIOS[name].about} (${sizeInWords(SCENARIOS[name].size)})`,
  ),
  '  all      each of them, and chats once more with 1,000 answers of one viewer each',
  '',
  ...SIZES.map((name) => `  --${name.padEnd(8)} ${LIMITS[name].what}, ${LIMITS[name].min} to ${LIMITS[name].max}`),
  '  --url      where the product is; else it is found by run.json in',
  '  --data     its folder (.data)',
  '  --start    start a product for it in a new folder, and end it afterwards',
  '  --out      the folder for reports (<data>/load)',
  '  --write    write what was found into the table of docs/load.md',
  '  --count    end with a line "N passed, N failed": one for each threshold',
].join('\n');

export function sizeInWords({ vus, seconds, rate, viewers }: ScenarioSize): string {
  const readers = viewers > 1 ? `, ${viewers} viewers` : '';
  return `${vus} at once, ${seconds} s, ${rate} a second${readers}`;
}

/**
 * @returns the options, or `help` if that was asked for
 * @throws {UsageError} one line that names what is wrong and what there is
 */
export function parseOptions(argv: readonly string[]): LoadtestOptions | 'help' {
  const { values, positionals } = readArguments(argv);
  if (values.help === true) return 'help';
  const [name, ...others] = positionals;
  if (others.length > 0) throw new UsageError(`One scenario at a time: what is ${JSON.stringify(others[0])}?`);
  const given: Partial<ScenarioSize> = {};
  for (const size of SIZES) {
    const number = readNumber(size, values[size]);
    if (number !== undefined) given[size] = number;
  }
  if (values.start === true && (values.url !== undefined || values.data !== undefined)) {
    throw new UsageError('--start starts a product of its own: leave out --url and --data.');
  }
  return {
    loads: readLoads(name, given),
    url: readUrl(values.url),
    data: resolve(values.data ?? DEFAULT_DATA),
    isStarted: values.start === true,
    out: values.out === undefined ? undefined : resolve(values.out),
    isWritten: values.write === true,
    isCounted: values.count === true,
  };
}

function readArguments(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        ...{ vus: text, seconds: text, rate: text, viewers: text, url: text, data: text, out: text },
        ...{ start: flag, write: flag, count: flag },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    const [first] = (error as Error).message.split(/\. |\n/);
    throw new UsageError(`${first}. npm run loadtest -- --help says what there is.`, { cause: error });
  }
}

function readLoads(name: string | undefined, given: Partial<ScenarioSize>): Load[] {
  const known = [...SCENARIO_NAMES, 'all'].join(', ');
  if (name === undefined) throw new UsageError(`Which scenario? There are ${known}.`);
  if (name === 'all') {
    return ALL.map(({ scenario, size }) => ({ scenario, size: { ...SCENARIOS[scenario].size, ...size, ...given } }));
  }
  const scenario = SCENARIO_NAMES.find((one) => one === name);
  if (scenario === undefined) throw new UsageError(`There is no scenario ${JSON.stringify(name)}: ${known}.`);
  return [{ scenario, size: { ...SCENARIOS[scenario].size, ...given } }];
}

function readNumber(name: keyof ScenarioSize, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const { min, max } = LIMITS[name];
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${name} should be a whole number from ${min} to ${max} (it is ${JSON.stringify(text)}).`);
}

function readUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/+$/, '');
  throw new UsageError(`--url should be an address such as http://localhost:8080 (it is ${JSON.stringify(text)}).`);
}
