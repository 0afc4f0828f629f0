import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startMailServer, type TakenMail } from '@muster/testing/mail-server';
import { readRunFile, type RunFile } from '../../scripts/launch/run-file.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Starts the product as a person would, waits for its URL, and ends it with the tests. */
export default async function startProduct(): Promise<() => Promise<void>> {
  const data = mkdtempSync(join(tmpdir(), 'muster-e2e-'));
  const post = join(data, 'mail.jsonl');
  appendFileSync(post, '');
  const mail = await startMailServer((taken) => appendFileSync(post, `${JSON.stringify(taken)}\n`));
  const child = spawn(
    process.execPath,
    [join(ROOT, 'scripts', 'start.ts'), '--port', '0', '--gateways', '2', '--workers', '2', '--data', data],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
      // Slow words, so that a test can look at them while they come.
      env: {
        ...process.env,
        ...{ OPENAI_API_KEY: '', ASSISTANT_WORDS_PER_SECOND: '8' },
        ...{ SMTP_URL: mail.url, MAIL_FROM: 'Muster <muster@example.com>' },
      },
    },
  );
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      said.push(line);
      if (/https?:\/\/\S+/u.test(line) && readRunFile(data)) resolve();
    });
    child.once('exit', (code) => reject(new Error(`The product ended with ${code}:\n${said.join('\n')}`)));
  });
  process.env['MUSTER_MAIL'] = post;
  process.env['MUSTER_RUN'] = JSON.stringify(readRunFile(data));
  process.env['MUSTER_DATA'] = data;
  return async () => {
    child.kill('SIGINT');
    await exited;
    await mail.close();
    rmSync(data, { recursive: true, force: true });
  };
}

/** The running product, in a test. */
export const product = (): RunFile => JSON.parse(process.env['MUSTER_RUN'] ?? '') as RunFile;

/** Its data folder, as commands take it. */
export const productData = (): string => process.env['MUSTER_DATA'] ?? '';

/** The mail to an address that the product has sent so far. */
export const mailsTo = (email: string): TakenMail[] =>
  readFileSync(process.env['MUSTER_MAIL'] ?? '', 'utf8')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : (JSON.parse(line) as TakenMail)))
    .filter(({ to }) => to.includes(email));
