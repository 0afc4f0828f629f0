import { setTimeout as delay } from 'node:timers/promises';
import { medianOf } from '../commit/figures.ts';
import type { ReceiversCalls } from '../fan-out/receivers.process.ts';
import type { MeasureContext } from '../measure-context.ts';
import { MeasuringProcess } from '../processes/measuring-process.ts';
import type { Calls } from '../processes/serve.ts';
import { Product, type GatewayUnderTest } from '../product/product.ts';
import type { Result, Row } from '../report/row.ts';
import type { ViewersCalls } from '../runs/viewers.process.ts';
import type { WorkerCalls } from '../runs/worker.process.ts';
import { show } from '../statistics.ts';
import type { WritersCalls } from '../through-socket/writers.process.ts';
import { headMicros, StoreCosts, usedBetween } from './store-costs.ts';

const IDLE = 1_000;
const WRITERS = 50;
const RUNS = 100;
const WORDS_A_SECOND = 50;
const GATEWAY_FLAGS = ['--expose-gc'];

/** What single things cost each process: the numbers that scripts/capacity/costs.ts is made of. */
export async function measureCosts({ stores, isQuick, say }: MeasureContext): Promise<Result> {
  const seconds = isQuick ? 2 : 10;
  const product = await Product.start(stores, 'costs', { flags: GATEWAY_FLAGS });
  const costs = await StoreCosts.connect(stores, product.databaseUrl);
  const [one, two] = product.gateways as [GatewayUnderTest, GatewayUnderTest];
  // The last first: clients leave before what they are connected to.
  const stops: (() => Promise<void>)[] = [() => costs.close(), () => product.stop()];
  const start = async <C extends Calls>(file: string) => {
    const process = await MeasuringProcess.start<C>(file, { env: { ...product.env, ASSISTANT_RECITES: 'true' } });
    stops.push(() => process.stop());
    return process;
  };
  const rows: Row[] = [];
  const note = (name: string, value: number, unit: string) => void rows.push({ name, measured: show(value, unit) });
  /** CPU of a process and of the stores while something is done. */
  const during = async (
    process: Pick<MeasuringProcess<{ cpuMicros: () => number }>, 'call'>,
    what: () => Promise<number>,
  ) => {
    const [cpu, before] = [await process.call('cpuMicros'), await costs.read()];
    const count = await what();
    const [micros, after] = [(await process.call('cpuMicros')) - cpu, await costs.read()];
    return { count, micros, ...usedBetween(before, after) };
  };
  const idle = () => delay(seconds * 1_000).then(() => seconds);
  try {
    note('a gateway before its first connection', (await one.process.call('memoryBytes')) / 2 ** 20, 'MB');
    const empty = await during(one.process, idle);
    const receivers = await start<ReceiversCalls>('fan-out/receivers.process.ts');
    const owner = await product.signUp();
    say(`${IDLE} connections that do nothing`);
    await receivers.call('connect', { group: 'idle', url: one.url, count: IDLE, tokens: [owner.token] });
    await delay(1_000);
    const waiting = await during(one.process, idle);
    note('a gateway: a connection that does nothing, a second', (waiting.micros - empty.micros) / IDLE / seconds, 'µs');

    say(`${WRITERS} writers over as many lists`);
    const writers = await start<WritersCalls>('through-socket/writers.process.ts');
    const tokens: string[] = [];
    while (tokens.length < WRITERS) tokens.push(await product.enterAsGuest());
    await writers.call('join', { group: 'fifty', url: two.url, tokens });
    const write = async () => (await writers.call('slice', { group: 'fifty', seconds })).perSecond * seconds;
    await write();
    const writing = await during(two.process, write);
    note('a gateway: a change that a socket sends', writing.micros / writing.count, 'µs');
    note('Redis: a publish that nobody hears', writing.redisMicros / writing.count, 'µs');
    note('Postgres: a change', writing.postgresMicros / writing.count, 'µs');
    note('Postgres: written ahead for a change', writing.walBytes / writing.count, 'B');
    note('Postgres: a change in the log, with its indexes', await costs.storedBytes(), 'B');
    note('Postgres: comparing a head', await headMicros(product.databaseUrl, isQuick ? 5 : 50), 'µs');

    say(`${RUNS} runs`);
    const viewers = await start<ViewersCalls>('runs/viewers.process.ts');
    await viewers.call('prepare', { urls: [one.url], token: owner.token, runs: RUNS, viewers: 1 });
    const worker = await start<WorkerCalls>('runs/worker.process.ts');
    stops.push(async () => worker.call('close'));
    await viewers.call('recite', { runs: 5, words: 10, aSecond: 100 });
    const startings: number[] = [];
    for (let round = 0; round < 5; round++) {
      const brief = await during(worker, () =>
        viewers.call('recite', { runs: 20, words: 1, aSecond: 100 }).then(() => 20),
      );
      startings.push(brief.micros / brief.count);
    }
    note('a worker: beginning and ending a run', medianOf(startings), 'µs');
    const empties = await costs.redisBytes();
    const reciting = viewers.call('recite', {
      runs: RUNS,
      words: (seconds + 5) * WORDS_A_SECOND,
      aSecond: WORDS_A_SECOND,
    });
    await delay(3_000);
    const gatewayBefore = await one.process.call('cpuMicros');
    const streaming = await during(worker, idle);
    const gatewayMicros = (await one.process.call('cpuMicros')) - gatewayBefore;
    note('Redis: memory of an answer’s stream', ((await costs.redisBytes()) - empties) / RUNS, 'B');
    const { lagMs } = await reciting;
    const pieces = (lagMs.length * seconds) / (seconds + 5);
    note('a gateway: a piece of an answer, to one reader', gatewayMicros / pieces, 'µs');
    note('a worker: a run that streams, a second', streaming.micros / RUNS / seconds, 'µs');
    note(
      'Redis: a piece of an answer, appended, published and read by one gateway',
      streaming.redisMicros / pieces,
      'µs',
    );
    return { rows, notes: [`${Math.round(pieces / seconds).toLocaleString('en-US')} pieces of answers a second.`] };
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}
