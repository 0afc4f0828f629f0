import { PARTS, type Part } from '../options.ts';
import type { Machine } from './machine.ts';
import type { Result, Row } from './row.ts';
import { SECTIONS, type Section } from './sections.ts';

export interface Measured {
  machine: Machine;
  versions: Record<string, string>;
  tookSeconds: number;
  /** In the order of the document; a part that failed has its reason instead. */
  parts: { part: Part; outcome: Result | { failure: string } }[];
}

/**
 * docs/performance.md: how it was measured and what came of it, misses included.
 * @param before the document as it stands: parts that were not measured this time keep what it has of them
 */
export function writeDocument({ machine, versions, tookSeconds, parts }: Measured, before = ''): string {
  const measured = new Map(parts.map(({ part, outcome }) => [part, outcome]));
  const sections = PARTS.flatMap((part) => {
    const outcome = measured.get(part);
    return outcome ? [sectionOf(SECTIONS[part], outcome, machine)] : sectionBefore(before, SECTIONS[part]);
  });
  return `${[
    '# Performance',
    'Written by `npm run bench`; run it again rather than edit it.',
    summaryOf(sections),
    '## How it was measured',
    machineOf(machine, versions, tookSeconds),
    METHOD,
    ...sections,
  ].join('\n\n')}\n`;
}

/** What a document has of a part, with the day on which it was measured. */
function sectionBefore(before: string, { title }: Section): string[] {
  const start = before.indexOf(`\n## ${title}\n`);
  if (start < 0) return [];
  const end = before.indexOf('\n## ', start + 1);
  const text = before.slice(start, end < 0 ? undefined : end).trim();
  const [when] = /\d{4}-\d\d-\d\d \d\d:\d\d UTC/.exec(before) ?? ['before'];
  return [text.includes(MEASURED) ? text : `${text}\n\n${MEASURED} ${when}.`];
}

const MEASURED = 'Measured';

const METHOD =
  'Whatever is compared runs in turns on the same machine within the same seconds: a slice of ours, a slice of the peer, ' +
  'eight rounds or more. A figure is the median of its slices, and a ratio the median of ' +
  'the ratios of the rounds, not the ratio of the medians. Milliseconds belong to a machine and to its hour, on which the ' +
  'clients, the servers and the databases share the same cores; the ratio to a peer that lived through the same hour can be ' +
  'compared with that of another day. Postgres and Redis are started for the run and set as `npm start` sets them. Rate ' +
  'limits are off.';

/** Read from the sections themselves: some of them may be older than this run. */
function summaryOf(sections: string[]): string {
  const lines: string[] = [];
  let [count, met] = [0, 0];
  for (const section of sections) {
    const title = /^## (.*)$/m.exec(section)?.[1] ?? '';
    if (section.includes('\nNot measured: ')) lines.push(`- not measured: ${title}`);
    let heads: string[] = [];
    for (const line of section.split('\n').filter((one) => one.startsWith('| '))) {
      const cells = line.slice(2, -2).split(' | ');
      if (cells[1] === 'measured') heads = cells;
      const cell = (name: string) => cells[heads.indexOf(name)] ?? '';
      if (cell('met') !== 'yes' && cell('met') !== '**no**') continue;
      count += 1;
      if (cell('met') === 'yes') met += 1;
      else {
        const value = cell('ratio') === '' || !cell('goal').includes('×') ? cell('measured') : cell('ratio');
        lines.push(`- missed: ${cells[0]}: ${value} (${cell('goal')})`);
      }
    }
  }
  return [`${met} of ${count} goals are met.`, ...(lines.length === 0 ? [] : [lines.join('\n')])].join('\n\n');
}

function machineOf(machine: Machine, versions: Record<string, string>, tookSeconds: number): string {
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const load = machine.loadBefore.toFixed(1);
  const isBusy = machine.loadBefore > machine.cores / 2;
  return (
    `The last time ${machine.when}, on ${machine.cores} cores (${machine.cpu}) with ${machine.memory}, ${machine.system}, Node ` +
    `${machine.node}, ${named.join(', ')}; what was measured then took ${Math.ceil(tookSeconds / 60)} minutes; each section says when it was. When it began, the load of the ` +
    `machine was ${load}${isBusy ? `, so **other work took its share of the ${machine.cores} cores**` : ''}.`
  );
}

function sectionOf(
  { title, method, against }: Section,
  outcome: Result | { failure: string },
  machine: Machine,
): string {
  const head = [`## ${title}`, method];
  if ('failure' in outcome) return [...head, `Not measured: ${outcome.failure}`].join('\n\n');
  const when = `${MEASURED} ${machine.when}, at a load of ${machine.loadBefore.toFixed(1)} before.`;
  return [...head, tableOf(outcome.rows, against), ...(outcome.notes ?? []), when].join('\n\n');
}

function tableOf(rows: Row[], against: string): string {
  const hasPeer = rows.some((row) => row.against !== undefined);
  const hasGoal = rows.some((row) => row.goal !== undefined);
  const columns: [string, (row: Row) => string][] = [
    ['', ({ name }) => name],
    ['measured', ({ measured }) => measured],
  ];
  if (hasPeer) columns.push([against, (row) => row.against ?? '']);
  if (hasPeer) columns.push(['ratio', ({ ratio }) => (ratio === undefined ? '' : `${ratio.toFixed(2)} ×`)]);
  if (hasGoal) columns.push(['goal', ({ goal }) => goal ?? ''], ['met', metOf]);
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(([head]) => head)),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(columns.map(([, cell]) => cell(row)))),
  ].join('\n');
}

const metOf = ({ goal, isMet }: Row): string => (goal === undefined ? '' : isMet === true ? 'yes' : '**no**');
