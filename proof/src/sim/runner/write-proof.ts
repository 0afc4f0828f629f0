import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { PROMISES } from '../../oracles/violation.ts';
import { FAULTS, OPS, RACES } from '../plan/plan.ts';
import { PLANTS } from '../planted/plants.ts';
import type { Caught } from './catch-plants.ts';
import type { Verdict } from './run-seeds.ts';

const DOCUMENT = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'sync-proof.md');

const DONE = [...Object.keys(OPS), ...RACES];
const FIGURES = join(import.meta.dirname, '..', '..', '..', 'figures.json');

export interface Proof {
  verdict?: Verdict | undefined;
  caught: Caught[];
  first: number;
  postgres: string;
}

/** What the last runs came to. Plants may be run one at a time: each keeps what its own last run came to. */
interface Figures {
  run?: Omit<Verdict, 'faults'> & { faults: Record<string, number>; first: number; postgres: string; cores: number };
  plants: Record<string, Caught>;
}

/** docs/sync-proof.md: what was run, what it came to, and what it is able to find. */
export function writeProof({ verdict, caught, first, postgres }: Proof): void {
  const figures: Figures = existsSync(FIGURES)
    ? (JSON.parse(readFileSync(FIGURES, 'utf8')) as Figures)
    : { plants: {} };
  if (verdict) {
    const faults = Object.fromEntries(verdict.faults);
    const failed = verdict.failed.map((one) => ({ ...one, lines: [] }));
    figures.run = { ...verdict, faults, failed, first, postgres, cores: cpus().length };
  }
  for (const one of caught) figures.plants[one.name] = one;
  writeFileSync(FIGURES, `${JSON.stringify(figures, null, 2)}\n`);
  writeFileSync(DOCUMENT, documentOf(figures));
  console.log('docs/sync-proof.md is written.');
}

export function documentOf({ run, plants }: Figures): string {
  if (run === undefined) throw new Error('No seeds were run yet: there is nothing to write of.');
  const { ran, failed, seconds, ops, virtualSeconds, faults, first, postgres, cores } = run;
  const count = (n: number) => Math.round(n).toLocaleString('en-GB');
  const isSound = failed.length === 0;
  const lines = [
    '# Proof of sync',
    '',
    'Written by `npm run sim` with `--write`: the figures are those of the last runs, each planted bug that of its own.',
    'How it works, and how far a seed repeats itself: [decision 7](decisions/0007-virtual-time-real-postgres.md).',
    '',
    '## The last run',
    '',
    `Seeds ${first} to ${first + ran - 1}: **${count(ran)} runs, ${failed.length === 0 ? 'every promise held' : `${failed.length} broke a promise`}**.`,
    `${count(ops)} mutations, ${count(virtualSeconds / 3_600)} hours of virtual time in ${count(seconds)} s`,
    `(${(ran / seconds).toFixed(1)} seeds a second on ${cores} cores, Postgres ${postgres}).`,
    '',
    ...(isSound
      ? []
      : [
          ...failed.map(({ seed, broken }) => `- seed ${seed}: ${broken.map(({ promise }) => promise).join(', ')}`),
          '',
        ]),
    '## What may go wrong in a run',
    '',
    `${Object.keys(FAULTS).length} kinds of fault, several at a time; how often each struck:`,
    '',
    '| fault | times |',
    '| --- | ---: |',
    ...Object.keys(FAULTS).map((kind) => `| ${kind} | ${count(faults[kind] ?? 0)} |`),
    '',
    `Meanwhile two to four people in up to six tabs (and copies of them) do what people do, ${DONE.length} kinds of thing:`,
    `${DONE.join(', ')}.`,
    '',
    '## What is asked of it',
    '',
    '| promise | |',
    '| --- | --- |',
    ...Object.entries(PROMISES).map(([name, what]) => `| ${name} | ${what} |`),
    '',
    '## It is able to fail',
    '',
    'Each of these bugs was planted (in the files as they are loaded, or in the database, never in the product), and seeds',
    'were run until a promise broke that it may break, or the search was given up (**not caught**: decision 7 says what',
    'holds those). ⚠: the design warns of it.',
    '',
    '| planted bug | what it does | caught as | after seeds |',
    '| --- | --- | --- | ---: |',
    ...PLANTS.map((bug) => {
      const one = plants[bug.name];
      const outcome = one?.broken ? one.broken.promise : one ? '**not caught**' : 'not run';
      return `| ${bug.warning ? '⚠ ' : ''}${bug.name} | ${bug.what} | ${outcome} | ${one?.seeds ?? ''} |`;
    }),
    '',
  ];
  return `${lines.join('\n')}`;
}
