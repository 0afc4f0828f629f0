import { setTimeout as delay } from 'node:timers/promises';
import { medianOf } from '../commit/figures.ts';
import { interleave } from '../interleave.ts';
import type { MeasureContext } from '../measure-context.ts';
import { MeasuringProcess } from '../processes/measuring-process.ts';
import { Product } from '../product/product.ts';
import type { Result } from '../report/row.ts';
import { quantileOf, show } from '../statistics.ts';
import type { Recital, ViewersCalls } from './viewers.process.ts';
import type { WorkerCalls } from './worker.process.ts';

const RUNS = 100;
const VIEWERS = 3;
const WORDS_A_SECOND = 50;
const SECONDS = 6;
/** All have begun by then; from there on what streaming alone costs is read. */
const SETTLED_AFTER_MS = 2_500;
const STEADY_MS = 3_000;
const AT_ONCE = 20;
const GOAL_FIRST_MS = 100;
const GOAL_LAG_MS = 50;
const GOAL_SHARE = 0.5;

interface Slice extends Recital {
  /** Of the worker and the gateways, for a run and second. */
  micros: number;
}

/** Many runs that stream at once over two gateways: how soon they begin, how late words come, and what that costs. */
export async function measureRuns({ stores, isQuick, say }: MeasureContext): Promise<Result> {
  const rounds = isQuick ? 2 : 8;
  const product = await Product.start(stores, 'runs');
  const viewers = await MeasuringProcess.start<ViewersCalls>('runs/viewers.process.ts');
  try {
    const { token } = await product.signUp();
    say(`${RUNS} conversations with ${VIEWERS} viewers each`);
    await viewers.call('prepare', {
      urls: product.gateways.map(({ url }) => url),
      token,
      runs: RUNS,
      viewers: VIEWERS,
    });
    const withWorker = async (
      more: Record<string, string>,
      recital: { runs: number; words: number; aSecond: number; from?: number },
    ): Promise<Slice> => {
      const worker = await MeasuringProcess.start<WorkerCalls>('runs/worker.process.ts', {
        env: { ...product.env, ASSISTANT_RECITES: 'true', ...more },
      });
      const used = async () => {
        const all: Pick<MeasuringProcess<{ cpuMicros: () => number }>, 'call'>[] = [
          worker,
          ...product.gateways.map(({ process }) => process),
        ];
        return (await Promise.all(all.map((one) => one.call('cpuMicros')))).reduce((a, b) => a + b, 0);
      };
      try {
        // What the first run of a process compiles and connects is not measured.
        await viewers.call('recite', { runs: 5, words: 10, aSecond: 100 });
        const reciting = viewers.call('recite', recital);
        await delay(SETTLED_AFTER_MS);
        const [before, began] = [await used(), performance.now()];
        await Promise.race([reciting, delay(STEADY_MS)]);
        const micros = ((await used()) - before) / RUNS / ((performance.now() - began) / 1_000);
        return { ...(await reciting), micros };
      } finally {
        await worker.call('close');
        await worker.stop();
      }
    };
    const streams = { runs: RUNS, words: SECONDS * WORDS_A_SECOND, aSecond: WORDS_A_SECOND, from: 2 * WORDS_A_SECOND };
    const slices = await interleave(
      rounds,
      {
        together: () => withWorker({}, streams),
        alone: () => withWorker({ EACH_WORD_ALONE: 'true' }, streams),
        few: () => withWorker({}, { runs: AT_ONCE, words: 20, aSecond: WORDS_A_SECOND }),
      },
      (round) => say(`round ${round} of ${rounds}`),
    );
    const lag = (name: 'together' | 'alone', share: number) =>
      medianOf(slices[name].map(({ lagMs }) => quantileOf(lagMs, share)));
    const first = (share: number) => medianOf(slices.few.map(({ firstMs }) => quantileOf(firstMs, share)));
    const cost = (name: 'together' | 'alone') => slices[name].map(({ micros }) => micros / 1_000);
    const ratio = medianOf(cost('together').map((ours, round) => ours / cost('alone')[round]!));
    const lagRow = (share: number, name: string) => ({
      ...{ name, measured: show(lag('together', share), 'ms'), against: show(lag('alone', share), 'ms') },
      ratio: lag('together', share) / lag('alone', share),
    });
    return {
      rows: [
        {
          ...{
            name: `first words of ${AT_ONCE} runs that are asked for at once, p50`,
            measured: show(first(0.5), 'ms'),
          },
          ...{ goal: `at most ${GOAL_FIRST_MS} ms`, isMet: first(0.5) <= GOAL_FIRST_MS },
        },
        { name: 'the same, the last of them', measured: show(first(1), 'ms') },
        lagRow(0.5, 'a word, from the model to a viewer, p50'),
        {
          ...lagRow(0.99, 'the same, p99'),
          ...{ goal: `at most ${GOAL_LAG_MS} ms`, isMet: lag('together', 0.99) <= GOAL_LAG_MS },
        },
        {
          ...{
            name: 'CPU of worker and gateways for a run and second',
            measured: show(medianOf(cost('together')), 'ms'),
          },
          ...{ against: show(medianOf(cost('alone')), 'ms'), ratio },
          ...{ goal: `at most ${GOAL_SHARE} ×`, isMet: ratio <= GOAL_SHARE },
        },
      ],
      notes: [
        `${RUNS} runs of ${WORDS_A_SECOND} words a second with ${VIEWERS} viewers each; ` +
          `${(slices.together.reduce((sum, { lagMs }) => sum + lagMs.length, 0) / rounds / (SECONDS - 2)).toLocaleString('en-US', { maximumFractionDigits: 0 })} ` +
          'pieces a second reached viewers, and every word reached every viewer once and in its order.',
      ],
    };
  } finally {
    await Promise.all([viewers.stop(), product.stop()]);
  }
}
