import { createServer } from 'node:net';

/** Whether a server can listen there now. */
export function isPortFree(port: number, host?: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, exclusive: true, ...(host === undefined ? {} : { host }) }, () =>
      probe.close(() => resolve(true)),
    );
  });
}

/** A port that the system says is free. */
export function findAnyPort(host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, host, () => {
      const address = probe.address();
      if (address === null || typeof address === 'string') return reject(new Error('the probe has no port'));
      probe.close(() => resolve(address.port));
    });
  });
}

/**
 * The first free port from `wanted` upwards.
 *
 * @param host the address to be listened on; left out: all of them
 * @returns the port, and those that were taken and stepped over (to be said)
 */
export async function findPortFrom(
  wanted: number,
  { host, tries = 50 }: { host?: string; tries?: number } = {},
): Promise<{ port: number; taken: number[] }> {
  const taken: number[] = [];
  for (let port = wanted; port < wanted + tries && port <= 65_535; port += 1) {
    if (await isPortFree(port, host)) return { port, taken };
    taken.push(port);
  }
  throw new Error(`no free port between ${wanted} and ${Math.min(wanted + tries, 65_536) - 1}`);
}
