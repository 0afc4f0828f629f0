import { randomUUID } from 'node:crypto';
import { connectFrame, readFrame } from '@muster/loadtest/wire/frames';
import { PROTOCOL } from '@muster/loadtest/wire/protocol';
import { UsageError } from '../launch/options.ts';
import { readRunFile } from '../launch/run-file.ts';

const WITHIN_MS = 5_000;

/** A running product. */
export interface Product {
  url: string;
  /** Of its gateways and workers, where they are on this machine. */
  pids: { gateways: number[]; workers: number[] };
}

/**
 * The product to load, which answers, is ready and speaks our version of the wire.
 * @throws {UsageError} one line that says what is not so
 */
export async function findProduct({ url, data }: { url: string | undefined; data: string }): Promise<Product> {
  const run = url === undefined ? readRunFile(data) : undefined;
  const found = url ?? run?.url;
  if (found === undefined) {
    throw new UsageError(
      `No product runs on ${data}: start one with npm start, or name its folder (--data) or its address (--url).`,
    );
  }
  await checkReady(found);
  await checkVersion(found);
  const pidsOf = (processes: readonly { pid: number }[] | undefined) => (processes ?? []).map(({ pid }) => pid);
  return { url: found, pids: { gateways: pidsOf(run?.gateways), workers: pidsOf(run?.workers) } };
}

async function checkReady(url: string): Promise<void> {
  let body: unknown;
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(WITHIN_MS) });
    body = JSON.parse(await response.text());
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`What answers at ${url} is no Muster.`, { cause: error });
    throw new UsageError(`Nothing answers at ${url}: is the product running?`, { cause: error });
  }
  const checks = (body as { checks?: Record<string, boolean> } | null)?.checks;
  if (checks === undefined) throw new UsageError(`What answers at ${url} is no Muster.`);
  const broken = Object.keys(checks).filter((name) => checks[name] !== true);
  if (broken.length > 0) throw new UsageError(`The product at ${url} is not ready: ${broken.join(', ')}.`);
}

/** Versions are compared before anyone is asked who they are, so a stranger learns whether they are spoken to. */
async function checkVersion(url: string): Promise<void> {
  const code = await refusalOf(url);
  if (code === 'unauthenticated') return;
  const other = `The product at ${url} is of another version: it speaks`;
  if (code === 'upgrade_required') {
    throw new UsageError(
      `${other} a newer protocol than these load tests (${PROTOCOL}). Take those that came with it.`,
    );
  }
  if (code === 'unavailable') {
    throw new UsageError(
      `${other} an older protocol than these load tests (${PROTOCOL}). Take those that came with it.`,
    );
  }
  throw new UsageError(`The product at ${url} turned a handshake down with ${code}: these load tests do not fit it.`);
}

function refusalOf(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`);
    const end = (settle: () => void) => {
      clearTimeout(timer);
      socket.close();
      settle();
    };
    const fail = () => end(() => reject(new UsageError(`No Socket.IO answers at ${url}.`)));
    const timer = setTimeout(fail, WITHIN_MS);
    socket.onerror = fail;
    socket.onmessage = ({ data }) => {
      try {
        const frame = readFrame(String(data));
        if (frame.is === 'open') socket.send(connectFrame({ clientId: randomUUID(), protocol: PROTOCOL }));
        else if (frame.is === 'refused') end(() => resolve(frame.code));
        else if (frame.is !== 'ping') end(() => resolve(frame.is));
      } catch {
        fail();
      }
    };
  });
}
