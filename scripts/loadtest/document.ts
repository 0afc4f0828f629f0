import { readFileSync, writeFileSync } from 'node:fs';
import { sizeInWords } from './options.ts';
import { isKept, type LoadReport } from './report.ts';

const BEGIN = '<!-- found by npm run loadtest -- … --write -->';
const END = '<!-- /found -->';
/** What a row says beside the promises, in this order. */
const LATENCIES = ['connect', 'reconnect until up to date', 'acknowledgement', 'delivery', 'first token', 'token lag'];
const COUNTS = ['changes delivered', 'gaps repaired', 'lost', 'doubled', 'out of order', 'text exact'];

/**
 * Puts what runs found into the table between the two marks; rows of scenarios and sizes that were not run stay.
 * @throws where the marks are missing
 */
export function writeFound(text: string, reports: readonly LoadReport[]): string {
  const [before, rest] = split(text, BEGIN);
  const [old, after] = split(rest, END);
  const rows = new Map(old.split('\n').flatMap((line) => (line.startsWith('| `') ? [[keyOf(line), line]] : [])));
  for (const report of reports) {
    const row = rowOf(report);
    rows.set(keyOf(row), row);
  }
  const head = ['scenario', 'size', ...LATENCIES, ...COUNTS, 'thresholds', 'when'];
  const table = [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...rows.values()];
  return `${before}${BEGIN}\n\n${table.join('\n')}\n\n${END}${after}`;
}

export function writeDocument(path: string, reports: readonly LoadReport[]): void {
  writeFileSync(path, writeFound(readFileSync(path, 'utf8'), reports));
}

function rowOf(report: LoadReport): string {
  const value = (name: string) => report.figures.find((figure) => figure.name === name)?.value ?? '–';
  const { scenario, size, verdicts, beganAt, machine } = report;
  const held = verdicts.filter((verdict) => verdict.isKept).length;
  const cells = [
    ...[`\`${scenario}\``, sizeInWords(size), ...[...LATENCIES, ...COUNTS].map(value)],
    isKept(report) ? `all ${held}` : (report.failure ?? `**${held} of ${verdicts.length}**`),
    `${beganAt.slice(0, 16).replace('T', ' ')}, load before ${machine.loadBefore.toFixed(1)}`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '/')).join(' | ')} |`;
}

/** Scenario and size: another run of the same takes its row's place. */
const keyOf = (row: string): string => row.split('|').slice(1, 3).join('|').trim();

function split(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`docs/load.md has no ${mark}.`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}
