import { BareWriters } from './bare-writers.ts';
import { figureOf, type Figure } from './figures.ts';
import { Pgbench } from './pgbench.ts';
import { Writers } from './writers.ts';

export interface CommitMeasureOptions {
  /** A migrated, empty database. */
  databaseUrl: string;
  /** An empty database on the same server. */
  peerUrl: string;
  /** Slices of each kind: their median counts. */
  rounds?: number;
  sliceSeconds?: number;
}

/**
 * Writes through commit against `pgbench -N` on the same server, in interleaved slices, and a quiet list against itself
 * while another is hot. Through commit itself, without sockets. Then against the bare statements, in the same database.
 */
export async function measureCommit(options: CommitMeasureOptions): Promise<Figure[]> {
  const { databaseUrl, peerUrl, rounds = 8, sliceSeconds = 2 } = options;
  const pgbench = new Pgbench(peerUrl);
  await pgbench.prepare();
  const writers = new Writers(databaseUrl);
  const ten = await writers.prepare(10, true);
  const fifty = await writers.prepare(50, false);
  const [quiet] = await writers.prepare(1, false);
  if (!quiet) throw new Error('no writer');
  const bare = new BareWriters(databaseUrl);
  const bareTen = await bare.prepare(10, true);
  const bareFifty = await bare.prepare(50, false);
  // Plans, caches and the compiler warm up outside the slices.
  await writers.slice([...ten, ...fifty, quiet], sliceSeconds);
  await pgbench.slice(10, 1);
  await bare.slice([...bareTen, ...bareFifty], 1);

  const one: Pair[] = [];
  const hotList: Pair[] = [];
  const manyLists: Pair[] = [];
  const beside: Pair[] = [];
  const bareHot: Pair[] = [];
  const bareMany: Pair[] = [];
  for (let round = 0; round < rounds; round++) {
    const idle = await writers.slice([quiet], sliceSeconds);
    one.push({ ours: idle.p50Ms, peer: (await pgbench.slice(1, sliceSeconds)).p50Ms });
    const [disturbed] = await Promise.all([writers.slice([quiet], sliceSeconds), writers.slice(ten, sliceSeconds)]);
    beside.push({ ours: disturbed.p50Ms, peer: idle.p50Ms });
    const hot = (await writers.slice(ten, sliceSeconds)).perSecond;
    hotList.push({ ours: hot, peer: (await pgbench.slice(10, sliceSeconds)).perSecond });
    bareHot.push({ ours: hot, peer: (await bare.slice(bareTen, sliceSeconds)).perSecond });
    const many = (await writers.slice(fifty, sliceSeconds)).perSecond;
    manyLists.push({ ours: many, peer: (await pgbench.slice(50, sliceSeconds)).perSecond });
    bareMany.push({ ours: many, peer: (await bare.slice(bareFifty, sliceSeconds)).perSecond });
  }
  await Promise.all([writers.close(), bare.close()]);
  return [
    figureOf('one writer, p50 against pgbench -N', { atMost: 1.3 }, one, 'ms'),
    figureOf('10 writers on one list, throughput against pgbench -N', { atLeast: 1.3 }, hotList, 'writes/s'),
    figureOf('50 writers over 50 lists, throughput against pgbench -N', { atLeast: 2 }, manyLists, 'writes/s'),
    figureOf('10 writers on one list, throughput against the bare statements', { atLeast: 0.5 }, bareHot, 'writes/s'),
    figureOf(
      '50 writers over 50 lists, throughput against the bare statements',
      { atLeast: 0.5 },
      bareMany,
      'writes/s',
    ),
    figureOf('a quiet list beside a hot one, p50 against its idle p50', { atMost: 2 }, beside, 'ms'),
  ];
}

type Pair = { ours: number; peer: number };
