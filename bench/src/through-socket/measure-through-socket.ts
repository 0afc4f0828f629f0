import { medianOf } from '../commit/figures.ts';
import { Pgbench, type Slice } from '../commit/pgbench.ts';
import { interleave, pairsOf } from '../interleave.ts';
import type { MeasureContext } from '../measure-context.ts';
import { MeasuringProcess } from '../processes/measuring-process.ts';
import { Product, type Person } from '../product/product.ts';
import type { Result, Row } from '../report/row.ts';
import { show } from '../statistics.ts';
import type { WritersCalls } from './writers.process.ts';

/** Its clients connect within the slice: fifty need a part of the first second. */
const PGBENCH_SECONDS = 2;

/** The same writes as those of commit, once through sockets and one gateway, as they come: nothing is promised of them. */
export async function measureThroughSocket({ stores, isQuick, say }: MeasureContext): Promise<Result> {
  const [rounds, seconds] = isQuick ? [2, 1] : [8, 1];
  const pgbench = new Pgbench(await stores.createDatabase('socket_peer', false));
  await pgbench.prepare();
  const product = await Product.start(stores, 'socket');
  const writers = await MeasuringProcess.start<WritersCalls>('through-socket/writers.process.ts');
  try {
    const { url } = product.gateways[0]!;
    const people: Person[] = [];
    for (let index = 0; index < 10; index++) people.push(await product.signUp());
    const guests: string[] = [];
    for (let index = 0; index < 51; index++) guests.push(await product.enterAsGuest());
    const [quiet, ...fifty] = guests as [string, ...string[]];
    const listId = await product.createList(people);
    await writers.call('join', { group: 'hot', url, tokens: people.map(({ token }) => token), listId });
    await writers.call('join', { group: 'fifty', url, tokens: fifty });
    await writers.call('join', { group: 'one', url, tokens: [quiet] });

    const ours = (group: string) => () => writers.call('slice', { group, seconds });
    const peer = (clients: number) => () => pgbench.slice(clients, PGBENCH_SECONDS);
    const beside = async (): Promise<Slice> => (await Promise.all([ours('one')(), ours('hot')()]))[0];
    const contestants = {
      ...{ one: ours('one'), peerOne: peer(1), beside, hot: ours('hot'), peerTen: peer(10) },
      ...{ fifty: ours('fifty'), peerFifty: peer(50) },
    };
    say('warming up');
    await interleave(1, contestants);
    const all = await interleave(rounds, contestants, (round) => say(`round ${round} of ${rounds}`));
    const p50 = ({ p50Ms }: Slice) => p50Ms;
    const perSecond = (slice: Slice) => slice.perSecond;
    return {
      rows: [
        rowOf('one writer, p50 against pgbench -N', all.one, all.peerOne, p50, 'ms'),
        rowOf('10 writers on one list, throughput against pgbench -N', all.hot, all.peerTen, perSecond, 'writes/s'),
        rowOf(
          '50 writers over 50 lists, throughput against pgbench -N',
          all.fifty,
          all.peerFifty,
          perSecond,
          'writes/s',
        ),
        rowOf('a quiet list beside a hot one, p50 against its idle p50', all.beside, all.one, p50, 'ms'),
      ],
    };
  } finally {
    await Promise.all([writers.stop(), product.stop()]);
  }
}

function rowOf(name: string, ours: Slice[], peers: Slice[], read: (slice: Slice) => number, unit: string): Row {
  return {
    name,
    measured: show(medianOf(ours.map(read)), unit),
    against: show(medianOf(peers.map(read)), unit),
    ratio: medianOf(pairsOf(ours, peers, read).map((pair) => pair.ours / pair.peer)),
  };
}
