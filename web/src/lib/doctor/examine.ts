import type { ClientStatus } from '@muster/client/types';
import type { Findings, ServerChecks } from './findings.ts';

/** Longer than any server takes that is worth waiting for. */
const WITHIN_MS = 5_000;

interface Readiness {
  checks: ServerChecks;
  now: number;
}

/**
 * Asks the browser and the server what they know: a few seconds at most, and nothing is changed by it.
 *
 * @param origin of the server, without a trailing slash
 * @param isSignedIn asks the server who this is; throws where it gives no answer
 */
export async function examine({
  origin,
  status,
  isSignedIn,
}: {
  origin: string;
  status: ClientStatus;
  isSignedIn: () => Promise<boolean>;
}): Promise<Findings> {
  const findings: Findings = {
    ...{ status, hasNetwork: navigator.onLine, answeredInMs: null },
    ...{ storage: status.storage, space: await askSpace() },
  };
  if (!findings.hasNetwork) return findings;
  const began = performance.now();
  const said = await askReadiness(origin);
  if (said === undefined) return findings;
  const [hasWebSocket, knows] = await Promise.all([
    // A connection that stands needs no second one to prove it.
    status.connection === 'online' ? true : tryWebSocket(origin),
    isSignedIn().catch(() => undefined),
  ]);
  return {
    ...findings,
    answeredInMs: Math.round(said.at - began),
    server: said.readiness?.checks,
    clockAheadMs: said.readiness && Date.now() - (performance.now() - said.at) - said.readiness.now,
    hasWebSocket,
    isSignedIn: knows,
  };
}

/** What `/readyz` says, whichever status it comes with; undefined where nobody answers. */
async function askReadiness(origin: string): Promise<{ at: number; readiness: Readiness | undefined } | undefined> {
  try {
    const answer = await fetch(`${origin}/readyz`, { cache: 'no-store', signal: AbortSignal.timeout(WITHIN_MS) });
    const at = performance.now();
    const body = (await answer.json().catch(() => undefined)) as Partial<Readiness> | undefined;
    const isWhole = typeof body?.now === 'number' && typeof body.checks === 'object';
    return { at, readiness: isWhole ? (body as Readiness) : undefined };
  } catch {
    return undefined;
  }
}

/** Whether a WebSocket opens and its first words arrive: Engine.IO greets before it asks who this is. */
function tryWebSocket(origin: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${origin.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`);
    const done = (isThrough: boolean): void => {
      clearTimeout(timer);
      resolve(isThrough);
      socket.close();
    };
    const timer = setTimeout(done, WITHIN_MS, false);
    socket.addEventListener('message', () => done(true), { once: true });
    socket.addEventListener('error', () => done(false), { once: true });
    socket.addEventListener('close', () => done(false), { once: true });
  });
}

async function askSpace(): Promise<Findings['space']> {
  try {
    const { usage, quota } = await navigator.storage.estimate();
    return usage === undefined || quota === undefined ? undefined : { usageBytes: usage, quotaBytes: quota };
  } catch {
    // Without https there is no such thing.
    return undefined;
  }
}
