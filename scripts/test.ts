/**
 * `npm test`: all suites of Vitest, then the browser tests; ends with a line that says how many passed and failed.
 * With arguments (`npm test -- gateway/src/bus`) only Vitest runs, with them.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countPlaywright, countVitest, settleCount, type Count } from './test/count.ts';

const ROOT = join(import.meta.dirname, '..');
const args = process.argv.slice(2);
const reports = mkdtempSync(join(tmpdir(), 'muster-reports-'));

const counts = [await runVitest()];
if (args.length === 0) counts.push(await runPlaywright());
rmSync(reports, { recursive: true, force: true });
const passed = counts.reduce((sum, count) => sum + count.passed, 0);
const failed = counts.reduce((sum, count) => sum + count.failed, 0);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

async function runVitest(): Promise<Count> {
  const report = join(reports, 'vitest.json');
  const code = await run(
    ['vitest/vitest.mjs', 'run', ...args, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    {},
  );
  return settleCount(readReport(report, countVitest), code);
}

async function runPlaywright(): Promise<Count> {
  const config = join(ROOT, 'e2e', 'playwright.config.ts');
  if (!existsSync(config)) throw new Error(`the browser tests are missing: ${config}`);
  const report = join(reports, 'playwright.json');
  const code = await run(['@playwright/test/cli.js', 'test', '--config', config, '--reporter=list,json'], {
    PLAYWRIGHT_JSON_OUTPUT_FILE: report,
  });
  return settleCount(readReport(report, countPlaywright), code);
}

function run([program = '', ...rest]: string[], env: NodeJS.ProcessEnv): Promise<number | null> {
  const child = spawn(process.execPath, [join(ROOT, 'node_modules', program), ...rest], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
}

function readReport<T>(path: string, count: (report: T) => Count): Count | undefined {
  return existsSync(path) ? count(JSON.parse(readFileSync(path, 'utf8')) as T) : undefined;
}
