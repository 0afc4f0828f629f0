import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface OwnProduct {
  data: string;
  stop(): Promise<void>;
}

/** A product as `npm start` starts it, on a free port and in a new folder. @throws where it does not come up */
export async function startOwnProduct(say: (line: string) => void): Promise<OwnProduct> {
  const data = mkdtempSync(join(tmpdir(), 'muster-load-'));
  const program = join(import.meta.dirname, '..', 'start.ts');
  const child = spawn(process.execPath, [program, '--port', '0', '--data', data], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  const isReady = await new Promise<boolean>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (line.trim() !== '') say(line.trim());
        if (line.includes('Muster is ready')) resolve(true);
      });
    }
    void ended.then(() => resolve(false));
  });
  if (isReady) return { data, stop };
  await stop();
  throw new Error('The product could not be started: the lines above say why.');
}
