import type { Machine } from '../../bench/src/report/machine.ts';
import { drawChart, escapeHtml, type Line } from './charts.ts';
import type { Sample } from './dashboard-events.ts';
import type { Figure, Verdict } from './figures.ts';
import { sizeInWords, type Load } from './options.ts';
import type { Incident, MemorySample } from './watch-product.ts';

/** One run of one scenario: what report.json holds, and report.html shows. */
export interface LoadReport extends Load {
  url: string;
  beganAt: string;
  tookSeconds: number;
  machine: Machine;
  k6: string;
  /** Why it did not come to its end. */
  failure?: string;
  verdicts: Verdict[];
  figures: Figure[];
  incidents: Incident[];
  warnings: { line: string; times: number }[];
  samples: Sample[];
  memory: MemorySample[];
}

export const isKept = ({ failure, verdicts }: LoadReport): boolean =>
  failure === undefined && verdicts.length > 0 && verdicts.every((verdict) => verdict.isKept);

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:760px;margin:2rem auto;padding:0 1rem;color:#1d2330;background:#fff}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}td{padding:.25rem .5rem;border-bottom:1px solid #e4e7ee}
.kept{color:#1c7c4d}.broken{color:#b3261e;font-weight:600}figure{margin:1rem 0}svg{width:100%;height:auto;font:11px system-ui,sans-serif;fill:#5b6474}.grid{stroke:#e4e7ee}
@media(prefers-color-scheme:dark){body{color:#e6e9f0;background:#14171f}td{border-color:#2b3140}.grid{stroke:#2b3140}.kept{color:#5fd39a}.broken{color:#ff8a80}}`;

/** The report as one file that needs nothing else. */
export function writeHtml(report: LoadReport): string {
  const { scenario, size, url, beganAt, machine, tookSeconds, failure } = report;
  const title = `Load test: ${scenario} (${sizeInWords(size)})`;
  const verdict = isKept(report)
    ? '<p class="kept">Every threshold held.</p>'
    : `<p class="broken">${escapeHtml(failure === undefined ? 'Not every threshold held.' : `Not finished: ${failure}.`)}</p>`;
  const about = `${url}, ${beganAt}, ${Math.round(tookSeconds)} s; ${machine.cores} × ${machine.cpu}, ${machine.memory}, load before ${machine.loadBefore.toFixed(1)}; ${report.k6}`;
  const section = (name: string, rows: string[]) =>
    rows.length === 0 ? '' : `<h2>${name}</h2><table>${rows.join('')}</table>`;
  const row = (...cells: string[]) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  return [
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title><style>${STYLE}</style>`,
    `<h1>${escapeHtml(title)}</h1>${verdict}<p>${escapeHtml(about)}</p>`,
    section(
      'Thresholds',
      report.verdicts.map(({ promise, isKept: held }) =>
        row(`<span class="${held ? 'kept' : 'broken'}">${held ? '✓' : '✗'}</span> ${escapeHtml(promise)}`),
      ),
    ),
    section(
      'What happened meanwhile',
      report.incidents.map(({ at, line }) => row(`${at} s`, escapeHtml(line))),
    ),
    section(
      'Figures (latencies: p50 / p95 / p99)',
      report.figures.map(({ name, value }) => row(escapeHtml(name), escapeHtml(value))),
    ),
    ...chartsOf(report),
    section(
      'What the clients said',
      report.warnings.map(({ line, times }) => row(`${times} ×`, escapeHtml(line))),
    ),
    '</html>\n',
  ].join('\n');
}

function chartsOf({ samples, memory }: LoadReport): string[] {
  const began = samples[0]?.at ?? 0;
  const line = (name: string, metric: string, aggregate: string): Line => ({
    name,
    points: samples.flatMap(({ at, values }) => {
      const value = values[metric]?.[aggregate];
      return value === undefined ? [] : [{ at: (at - began) / 1_000, value }];
    }),
  });
  const latencies = (metric: string) => [
    line('p50', metric, 'med'),
    line('p95', metric, 'p(95)'),
    line('p99', metric, 'p(99)'),
  ];
  const mebibytes = (name: string, of: 'gateways' | 'workers'): Line => ({
    name,
    points: memory.map((sample) => ({ at: sample.at, value: sample[of] / 2 ** 20 })),
  });
  return [
    drawChart('Delivery', 'ms', latencies('muster_delivery')),
    drawChart('Acknowledgement', 'ms', latencies('muster_ack')),
    drawChart('Token lag', 'ms', latencies('muster_token_lag')),
    drawChart('Connect', 'ms', latencies('muster_connect')),
    drawChart('Reconnect until up to date', 'ms', latencies('muster_back')),
    drawChart('Received', 'a second', [
      line('changes', 'muster_delivered', 'rate'),
      line('pieces of text', 'muster_pieces', 'rate'),
    ]),
    drawChart('Resident memory', 'MiB', [mebibytes('gateways', 'gateways'), mebibytes('workers', 'workers')]),
  ].filter((chart) => chart !== '');
}
