import { medianOf } from '../commit/figures.ts';
import type { ReceiversCalls } from '../fan-out/receivers.process.ts';
import type { SocketIoPeerCalls } from '../fan-out/socket-io-peer.process.ts';
import { interleave } from '../interleave.ts';
import type { MeasureContext } from '../measure-context.ts';
import { MeasuringProcess } from '../processes/measuring-process.ts';
import { Product } from '../product/product.ts';
import type { Result } from '../report/row.ts';
import { show } from '../statistics.ts';

const FIRST = 200;
const GUESTS = 100;
const FLAGS = ['--expose-gc'];
/** What a connection leaves behind, timers and buffers of its handshake, is gone by then. */
const SETTLED_AFTER_MS = 1_500;
const GOAL = 1.2;

interface Server {
  url: string;
  process: Pick<MeasuringProcess<{ memoryBytes: () => number }>, 'call' | 'stop'>;
}

/** What a connection that does nothing holds of its server's memory: a new process each time, which grows by so many. */
export async function measureIdle({ stores, isQuick, say }: MeasureContext): Promise<Result> {
  const [rounds, count] = isQuick ? [2, 500] : [8, 2_000];
  const product = await Product.start(stores, 'idle', { gateways: 1, flags: FLAGS });
  const clients = await MeasuringProcess.start<ReceiversCalls>('fan-out/receivers.process.ts');
  try {
    const owner = await product.signUp();
    const listId = await product.createList([owner]);
    const tokens: string[] = [];
    while (tokens.length < GUESTS) tokens.push(await product.enterAsGuest());
    const grow = async (start: () => Promise<Server>, more: { tokens?: string[]; listIds?: string[] } = {}) => {
      const { url, process } = await start();
      const { listIds, ...entry } = more;
      try {
        // Code and caches that the first connections bring in are not theirs.
        await clients.call('connect', { group: 'first', url, count: FIRST, ...entry });
        const before = await settled(process);
        await clients.call('connect', { group: 'many', url, count, ...entry });
        if (listIds) await clients.call('open', { group: 'many', count, listIds });
        const bytes = (await settled(process)) - before;
        await clients.call('disconnect', { group: 'first' });
        await clients.call('disconnect', { group: 'many' });
        return bytes / count / 1_024;
      } finally {
        await process.stop();
      }
    };
    const gateway = () => product.startGateway();
    const bare = async (): Promise<Server> => {
      const process = await MeasuringProcess.start<SocketIoPeerCalls>('fan-out/socket-io-peer.process.ts', {
        flags: FLAGS,
      });
      return { process, url: await process.call('url') };
    };
    await clients.call('prepareWriter', {
      url: product.gateways[0]!.url,
      token: owner.token,
      listIds: [listId],
      tasks: 4,
    });
    const slices = await interleave(
      rounds,
      {
        ours: () => grow(gateway, { tokens }),
        bare: () => grow(bare),
        open: () => grow(gateway, { tokens: [owner.token], listIds: [listId] }),
      },
      (round) => say(`round ${round} of ${rounds}`),
    );
    const ratio = (name: 'ours' | 'open') => medianOf(slices[name].map((ours, round) => ours / slices.bare[round]!));
    const against = show(medianOf(slices.bare), 'kB');
    return {
      rows: [
        {
          ...{ name: 'memory of a connection that does nothing', measured: show(medianOf(slices.ours), 'kB'), against },
          ...{ ratio: ratio('ours'), goal: `at most ${GOAL} ×`, isMet: ratio('ours') <= GOAL },
        },
        {
          ...{ name: 'the same with a list open', measured: show(medianOf(slices.open), 'kB'), against },
          ratio: ratio('open'),
        },
      ],
      notes: [`Growth by ${count.toLocaleString('en-US')} connections behind the first ${FIRST}, of resident memory.`],
    };
  } finally {
    await Promise.all([clients.stop(), product.stop()]);
  }
}

async function settled(process: Server['process']): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, SETTLED_AFTER_MS));
  return process.call('memoryBytes');
}
