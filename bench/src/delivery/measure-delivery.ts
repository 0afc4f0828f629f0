import { randomUUID } from 'node:crypto';
import { medianOf } from '../commit/figures.ts';
import { interleave, pairsOf } from '../interleave.ts';
import type { MeasureContext } from '../measure-context.ts';
import { MeasuringProcess } from '../processes/measuring-process.ts';
import { Product, type Person } from '../product/product.ts';
import type { Result } from '../report/row.ts';
import { show, type Latency } from '../statistics.ts';
import type { BareGatewayCalls } from './bare-gateway.process.ts';
import type { ClientsCalls } from './clients.process.ts';

const CLIENTS = 200;
const PEOPLE = 10;
const PER_SECOND = 50;
const GOAL = { p50Ms: 10, p99Ms: 50 };

type Clients = MeasuringProcess<ClientsCalls>;

/** Change → client on the other gateway: 200 clients in one room, half of them on each of two gateways. */
export async function measureDelivery({ stores, isQuick, say }: MeasureContext): Promise<Result> {
  const [rounds, seconds] = isQuick ? [2, 1] : [10, 2];
  const owned: { stop(): Promise<void> }[] = [];
  const own = <T extends { stop(): Promise<void> }>(one: T): T => (owned.push(one), one);
  try {
    const product = own(await Product.start(stores, 'delivery'));
    const people: Person[] = [];
    for (let index = 0; index < PEOPLE; index++) people.push(await product.signUp());
    const listId = await product.createList(people);
    const tokens = people.map(({ token }) => token);
    const ours = own(await startClients());
    await ours.call('join', { urls: product.gateways.map(({ url }) => url), tokens, listId, count: CLIENTS });

    const env = { REDIS_URL: stores.redisUrl, CHANNEL: `bare-${randomUUID()}` };
    const start = () => MeasuringProcess.start<BareGatewayCalls>('delivery/bare-gateway.process.ts', { env });
    const bare = [own(await start()), own(await start())];
    const urls = await Promise.all(bare.map((gateway) => gateway.call('url')));
    const peers = own(await startClients());
    await peers.call('join', { urls, tokens: ['none'], listId, count: CLIENTS });

    const run = (clients: Clients) => () => clients.call('slice', { seconds, perSecond: PER_SECOND });
    say('warming up');
    await interleave(1, { ours: run(ours), peers: run(peers) });
    const slices = await interleave(rounds, { ours: run(ours), peers: run(peers) }, (round) =>
      say(`round ${round} of ${rounds}`),
    );
    return resultOf(slices.ours, slices.peers);
  } finally {
    await Promise.all(owned.map((one) => one.stop()));
  }
}

const startClients = (): Promise<Clients> => MeasuringProcess.start<ClientsCalls>('delivery/clients.process.ts');

function resultOf(ours: Latency[], peers: Latency[]): Result {
  const rows = (['p50Ms', 'p99Ms'] as const).map((key) => {
    const value = medianOf(ours.map((slice) => slice[key]));
    return {
      name: `change → client on the other gateway, ${key.slice(0, 3)}`,
      measured: show(value, 'ms'),
      against: show(medianOf(peers.map((slice) => slice[key])), 'ms'),
      ratio: medianOf(pairsOf(ours, peers, (slice) => slice[key]).map((pair) => pair.ours / pair.peer)),
      goal: `below ${GOAL[key]} ms`,
      isMet: value < GOAL[key],
    };
  });
  const count = ours.reduce((sum, slice) => sum + slice.count, 0);
  const worst = Math.max(...ours.map(({ p99Ms }) => p99Ms));
  const added = medianOf(pairsOf(ours, peers, (slice) => slice.p50Ms).map((pair) => pair.ours - pair.peer));
  return {
    rows,
    notes: [
      `${count.toLocaleString('en-US')} deliveries, none missing; the p99 of the worst slice is ${show(worst, 'ms')}.`,
      `Over the floor the product adds ${show(added, 'ms')} at the median: one or two flights to Postgres with a write to the ` +
        'disk, deciding, and keeping order and rights on both gateways.',
    ],
  };
}
