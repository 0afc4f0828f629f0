import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { VARIABLES } from '@muster/loadtest/scenarios/scenarios';
import { findAnyPort } from '../services/ports.ts';
import { followDashboard, type Sample } from './dashboard-events.ts';
import type { K6Summary } from './figures.ts';
import type { Load } from './options.ts';

const ROOM = join(import.meta.dirname, '..', '..', 'loadtest');
const LINES_AT_MOST = 20;
/** k6's own, of clients that were still waiting at the end: what they waited for is told by the figures. */
const NOISE = /was stopped because the VU iteration was interrupted$/;

export interface K6Run {
  /** undefined where k6 ended without writing it. */
  summary: K6Summary | undefined;
  samples: Sample[];
  /** What its programs warned of, each once, with how often. */
  warnings: { line: string; times: number }[];
  /** Why it did not come to its end, in one line. */
  failure: string | undefined;
  k6Html: string | undefined;
}

/**
 * Runs one scenario to its end, whatever happens to the product meanwhile.
 * @param folder for k6's own files
 * @param stop asks k6 to end early: it still writes its summary
 */
export async function runK6(
  { scenario, size }: Load,
  { ...context }: { k6: string; url: string; folder: string; stop: AbortSignal; onSample: (sample: Sample) => void },
): Promise<K6Run> {
  const summaryFile = join(context.folder, 'k6-summary.json');
  const k6Html = join(context.folder, 'k6.html');
  const port = await findAnyPort();
  const child = spawn(context.k6, ['run', '--quiet', '--address', '', join('src', 'scenarios', `${scenario}.ts`)], {
    cwd: ROOM,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...{ [VARIABLES.url]: context.url, [VARIABLES.summary]: summaryFile },
      ...{ [VARIABLES.vus]: String(size.vus), [VARIABLES.seconds]: String(size.seconds) },
      ...{ [VARIABLES.rate]: String(size.rate), [VARIABLES.viewers]: String(size.viewers) },
      ...{ K6_NO_USAGE_REPORT: 'true', K6_LOG_FORMAT: 'json' },
      ...{ K6_WEB_DASHBOARD: 'true', K6_WEB_DASHBOARD_HOST: '127.0.0.1', K6_WEB_DASHBOARD_PORT: String(port) },
      ...{ K6_WEB_DASHBOARD_PERIOD: '1s', K6_WEB_DASHBOARD_EXPORT: k6Html },
    },
  });
  const warnings = new Map<string, number>();
  let error: string | undefined;
  createInterface({ input: child.stderr }).on('line', (line) => {
    const { level, msg } = readLog(line);
    if ((level === 'warning' || level === 'error') && !NOISE.test(msg)) warnings.set(msg, (warnings.get(msg) ?? 0) + 1);
    if (level === 'error') error ??= msg;
  });
  child.stdout.resume();
  const onStop = () => void child.kill('SIGINT');
  context.stop.addEventListener('abort', onStop, { once: true });
  const ended = new AbortController();
  const samples: Sample[] = [];
  const following = followDashboard(`http://127.0.0.1:${port}`, ended.signal, (sample) => {
    samples.push(sample);
    context.onSample(sample);
  });
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', (fault) => {
      error = fault.message;
      resolve(null);
    });
    child.once('close', resolve);
  });
  ended.abort();
  await following;
  context.stop.removeEventListener('abort', onStop);
  return {
    summary: readSummary(summaryFile),
    samples,
    warnings: [...warnings].slice(0, LINES_AT_MOST).map(([line, times]) => ({ line, times })),
    failure: failureOf(code, error),
    k6Html: readText(k6Html) === undefined ? undefined : k6Html,
  };
}

/** 0: all thresholds held; 99: some did not, which the report says. Anything else is no end of a run. */
function failureOf(code: number | null, error: string | undefined): string | undefined {
  if (code === 0 || code === 99) return undefined;
  if (code === 105) return 'it was stopped before its end';
  return firstLine(error ?? `k6 ended with ${code}`);
}

export const firstLine = (text: string): string => (text.split('\n')[0] ?? '').slice(0, 300);

function readLog(line: string): { level: string; msg: string } {
  try {
    const { level = '', msg = '' } = JSON.parse(line) as { level?: string; msg?: string };
    return { level, msg: firstLine(msg) };
  } catch {
    return { level: '', msg: line };
  }
}

function readSummary(path: string): K6Summary | undefined {
  const text = readText(path);
  return text === undefined ? undefined : (JSON.parse(text) as K6Summary);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
