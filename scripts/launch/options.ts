import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** What `npm start -- …` was asked for. */
export interface LaunchOptions {
  /** Of the one URL in front of all gateways; 0: any free one. */
  port: number;
  gateways: number;
  workers: number;
  /** Absolute. */
  data: string;
}

export const DEFAULT_DATA = '.data';

export const USAGE = [
  'npm start -- [--port 8080] [--gateways 2] [--workers 2] [--data .data]',
  '',
  '  --port      where people reach it; 0: any free port',
  '  --gateways  processes that users connect to, 1 to 16',
  '  --workers   processes that run the agent, 1 to 16',
  '  --data      the folder that keeps everything',
].join('\n');

/** A mistake of the person at the keyboard: its message is all that they need to see. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * @returns the options, or `help` if that was asked for
 * @throws UsageError one line that names the option and what it should be
 */
export function parseOptions(argv: readonly string[]): LaunchOptions | 'help' {
  const values = readArguments(argv);
  if (values.help === true) return 'help';
  return {
    port: readNumber('port', values.port, 8080, { min: 0, max: 65_535 }),
    gateways: readNumber('gateways', values.gateways, 2, { min: 1, max: 16 }),
    workers: readNumber('workers', values.workers, 2, { min: 1, max: 16 }),
    data: resolve(readFolder(values.data)),
  };
}

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        port: { type: 'string' },
        gateways: { type: 'string' },
        workers: { type: 'string' },
        data: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    // Node's message names the argument first; its advice after the first sentence is for other programs.
    const [first] = (error as Error).message.split(/\. |\n/);
    throw new UsageError(`${first}. There are --port, --gateways, --workers and --data.`, { cause: error });
  }
}

function readNumber(
  name: string,
  text: string | undefined,
  fallback: number,
  { min, max }: { min: number; max: number },
): number {
  if (text === undefined) return fallback;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${name} should be a whole number from ${min} to ${max} (it is ${JSON.stringify(text)}).`);
}

function readFolder(text: string | undefined): string {
  if (text === undefined) return DEFAULT_DATA;
  if (text.trim() === '') throw new UsageError('--data should be a folder (it is empty).');
  return text;
}
