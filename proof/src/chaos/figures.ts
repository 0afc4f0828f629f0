import type { Violation } from '../oracles/violation.ts';
import type { RunRow } from '../oracles/runs.ts';
import type { Evidence } from './evidence/evidence.ts';
import type { HistoryOf } from './evidence/history.ts';
import type { History } from './evidence/read-history.ts';

/** How much of each was judged: a verdict over nothing is worth nothing. */
export interface Judged {
  changes: number;
  heard: number;
  answers: number;
  snapshots: number;
  removals: number;
  /** Of them those to whom words of a run had come in the half second before. */
  removedReading: number;
  runs: number;
  /** Of them by how they ended; those that went with their list, too. */
  ends: Record<string, number>;
  consents: number;
  words: number;
}

export function judgedIn({ log, runs, history }: Evidence): Judged {
  const endOf = ({ status, isGone }: RunRow) => (isGone === true ? 'deleted' : status);
  const ends = [...Map.groupBy(runs, endOf)].map(([end, of]) => [end, of.length] as const);
  return {
    changes: log.length,
    heard: history.of('changes').reduce((sum, { changes }) => sum + changes.length, 0),
    answers: history.of('answer').length,
    snapshots: history.of('snapshot').length,
    removals: history.of('gone').length,
    removedReading: removedReading(history),
    runs: runs.length,
    ends: Object.fromEntries(ends),
    consents: new Set(history.of('decided').map(({ callId }) => callId)).size,
    words: history.of('chunk').length,
  };
}

const READING_MS = 500;

function removedReading(history: History): number {
  const heardAt = Map.groupBy(history.of('chunk'), ({ seat }) => seat);
  const wasReading = ({ seat, at }: HistoryOf<'gone'>) =>
    (heardAt.get(seat) ?? []).some((chunk) => chunk.at <= at && at - chunk.at < READING_MS);
  return history.of('gone').filter((told) => told.scope.startsWith('list:') && wasReading(told)).length;
}

/** One round, as it stands in a summary. */
export interface RoundFigures {
  seed: number;
  seconds: number;
  faults: number;
  /** How long the slowest waited at rest. */
  shownMs: number;
  toldMs: number;
  judged: Judged;
  broken: Violation['promise'][];
}

const say = (count: number): string => count.toLocaleString('en');

/** In one line, for whoever watches. */
export function judgedLine({ ends, ...counts }: Judged): string {
  const how = Object.entries(ends).map(([end, count]) => `${count} ${end}`);
  return [
    `judged: ${say(counts.changes)} changes, heard ${say(counts.heard)} times`,
    `${say(counts.answers)} answers`,
    `${say(counts.snapshots)} snapshots`,
    `${counts.removals} removals told (${counts.removedReading} in the middle of words)`,
    `${counts.runs} runs (${how.join(', ')})`,
    `${counts.consents} asked for consent`,
    `${say(counts.words)} pieces of their words`,
  ].join(', ');
}

export interface RunFigures {
  clients: number;
  minutes: number;
  /** Of the last round's end. */
  on: Date;
  rounds: RoundFigures[];
}

const COLUMNS: [name: string, of: (round: RoundFigures) => string][] = [
  ['seed', ({ seed }) => String(seed)],
  ['verdict', ({ broken }) => (broken.length === 0 ? 'kept' : `broken: ${[...new Set(broken)].join(', ')}`)],
  ['seconds', ({ seconds }) => seconds.toFixed(0)],
  ['faults', ({ faults }) => String(faults)],
  ['changes', ({ judged }) => say(judged.changes)],
  ['heard', ({ judged }) => say(judged.heard)],
  ['answers', ({ judged }) => say(judged.answers)],
  ['removals told', ({ judged }) => String(judged.removals)],
  ['reading', ({ judged }) => String(judged.removedReading)],
  ['runs', ({ judged }) => String(judged.runs)],
  ['consents', ({ judged }) => String(judged.consents)],
  ['words', ({ judged }) => say(judged.words)],
  ['shown', ({ shownMs }) => `${shownMs.toFixed(0)} ms`],
  ['told', ({ toldMs }) => `${toldMs.toFixed(0)} ms`],
];

/** What became of some rounds in a row: a sentence, and a table of them. */
export function summaryOf({ clients, minutes, on, rounds }: RunFigures): string[] {
  const isKept = ({ broken }: RoundFigures) => broken.length === 0;
  const kept = rounds.filter(isKept).length;
  const verdict =
    kept === rounds.length ? 'every promise was kept in all of them' : `${kept} of them kept every promise`;
  const length = minutes >= 1 ? `${minutes} min` : `${Math.round(minutes * 60)} s`;
  return [
    `${rounds.length} ${rounds.length === 1 ? 'round' : 'rounds in a row'} until ${on.toISOString().slice(0, 10)}, ${clients} clients and a storm of ${length} each: ${verdict}.`,
    '',
    `| ${COLUMNS.map(([name]) => name).join(' | ')} |`,
    `|${COLUMNS.map(() => '---').join('|')}|`,
    ...rounds.map((round) => `| ${COLUMNS.map(([, of]) => of(round)).join(' | ')} |`),
  ];
}

const BEGIN = '<!-- written by npm run chaos -- --write -->';
const END = '<!-- until here -->';

/** The document with this summary in the place of the one before. @throws where it has no place for one */
export function withSummary(document: string, summary: string[]): string {
  const [from, to] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`The document has no place for a summary: ${BEGIN} … ${END}`);
  return `${document.slice(0, from + BEGIN.length)}\n\n${summary.join('\n')}\n\n${document.slice(to)}`;
}
