import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { PROMISES } from '../../oracles/violation.ts';
import { FAULTS, OPS } from '../plan/plan.ts';
import { PLANTS } from '../planted/plants.ts';
import type { Caught } from './catch-plants.ts';
import type { Verdict } from './run-seeds.ts';

const DOCUMENT = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'sync-proof.md');

export interface Proof {
  verdict: Verdict;
  caught: Caught[];
  first: number;
  postgres: string;
}

/** docs/sync-proof.md: what was run, what it came to, and what it is able to find. */
export function writeProof(proof: Proof): void {
  writeFileSync(DOCUMENT, documentOf(proof));
  console.log('docs/sync-proof.md is written.');
}

export function documentOf({ verdict, caught, first, postgres }: Proof): string {
  const { ran, failed, seconds, ops, virtualSeconds, faults } = verdict;
  const count = (n: number) => Math.round(n).toLocaleString('en-GB');
  const isSound = failed.length === 0;
  const lines = [
    '# Proof of sync',
    '',
    'Written by `npm run sim -- --planted --seeds <n> --write`: the figures are those of its last run. How it works, and',
    'why a seed reproduces a run: [decision 7](decisions/0007-virtual-time-real-postgres.md).',
    '',
    '## The last run',
    '',
    `Seeds ${first} to ${first + ran - 1}: **${count(ran)} runs, ${failed.length === 0 ? 'every promise held' : `${failed.length} broke a promise`}**.`,
    `${count(ops)} mutations, ${count(virtualSeconds / 3_600)} hours of virtual time in ${count(seconds)} s`,
    `(${(ran / seconds).toFixed(1)} seeds a second on ${cpus().length} cores, Postgres ${postgres}).`,
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
    ...Object.keys(FAULTS).map((kind) => `| ${kind} | ${count(faults.get(kind) ?? 0)} |`),
    '',
    `Meanwhile two to four people in up to six tabs (and copies of them) do what people do, ${Object.keys(OPS).length} kinds of thing:`,
    `${Object.keys(OPS).join(', ')}.`,
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
    'were run until a promise broke that it may break. ⚠: the design warns of it.',
    '',
    '| planted bug | what it does | caught as | after seeds |',
    '| --- | --- | --- | ---: |',
    ...PLANTS.map((bug) => {
      const one = caught.find(({ name }) => name === bug.name);
      const outcome = one?.broken ? one.broken.promise : one ? '**not caught**' : 'not run';
      return `| ${bug.warning ? '⚠ ' : ''}${bug.name} | ${bug.what} | ${outcome} | ${one?.seeds ?? ''} |`;
    }),
    '',
  ];
  return `${lines.join('\n')}`;
}
