import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How other commands reach a running launcher. In run.json, which only the owner of the data can read. */
export interface ControlAddress {
  url: string;
  token: string;
}

/** What the launcher tells while it works, one JSON object a line; the last one is an end. */
export type ControlLine = { say: string } | { end: 'done' } | { end: 'failed'; why: string };

export interface Control {
  address: ControlAddress;
  close(): Promise<void>;
}

/**
 * Takes commands on a port of this machine alone: `POST /<command>`, one at a time.
 *
 * @param commands each may speak while it works; its signal is aborted when whoever asked hangs up
 */
export async function openControl(
  commands: Record<string, (say: (line: string) => void, signal: AbortSignal) => Promise<void>>,
): Promise<Control> {
  const token = randomBytes(24).toString('base64url');
  let isBusy = false;
  const server = createServer((request, response) => {
    const command = request.method === 'POST' ? commands[(request.url ?? '').slice(1)] : undefined;
    if (!hasToken(request, token)) return void response.writeHead(401).end();
    if (command === undefined) return void response.writeHead(404).end();
    const tell = (line: ControlLine) => void response.write(`${JSON.stringify(line)}\n`);
    if (isBusy) {
      tell({ end: 'failed', why: 'A rollout is under way already.' });
      return void response.end();
    }
    isBusy = true;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    command((say) => tell({ say }), gone.signal)
      .then(
        () => tell({ end: 'done' }),
        (error: unknown) => tell({ end: 'failed', why: (error as Error).message }),
      )
      .finally(() => {
        isBusy = false;
        response.end();
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token },
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function hasToken(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
