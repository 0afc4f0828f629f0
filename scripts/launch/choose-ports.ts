import { findAnyPort, findPortFrom, isPortFree } from '../services/ports.ts';

export interface ChosenPorts {
  front: number;
  gateways: number[];
}

/**
 * The port that people use and one for each gateway. They are chosen before anything starts, since every gateway must
 * know all of them: they are the origins that a page of ours may come from.
 *
 * @param wanted the front's; 0 leaves all of them to the system; a taken one is said and stepped over
 */
export async function choosePorts(
  { port: wanted, gateways }: { port: number; gateways: number },
  say: (line: string) => void,
): Promise<ChosenPorts> {
  if (wanted === 0) {
    const [front = 0, ...own] = await findDistinctPorts(gateways + 1);
    return { front, gateways: own };
  }
  const front = await findFrontPort(wanted, say);
  const own: number[] = [];
  let next = front + 1;
  while (own.length < gateways) {
    const { port } = await findPortFrom(next);
    own.push(port);
    next = port + 1;
  }
  return { front, gateways: own };
}

async function findFrontPort(wanted: number, say: (line: string) => void): Promise<number> {
  let from = wanted;
  for (;;) {
    const { port, taken } = await findPortFrom(from);
    for (const one of taken) say(`Port ${one} is taken.`);
    // Somebody may listen on this machine's address only, which trying all addresses does not show everywhere.
    if (await isPortFree(port, '127.0.0.1')) {
      if (port !== wanted) say(`Taking port ${port}.`);
      return port;
    }
    say(`Port ${port} is taken.`);
    from = port + 1;
  }
}

async function findDistinctPorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await findAnyPort());
  return [...ports];
}
