import { medianOf } from '../commit/figures.ts';
import { interleave } from '../interleave.ts';
import type { MeasureContext } from '../measure-context.ts';
import { MeasuringProcess } from '../processes/measuring-process.ts';
import { Product, type GatewayUnderTest } from '../product/product.ts';
import type { Result, Row } from '../report/row.ts';
import { quantileOf, show } from '../statistics.ts';
import type { DashboardsCalls, Slice } from './dashboards.process.ts';

const PEOPLE = 200;
const CHANGE_EVERY_MS = 1_000;
const GOAL_SHARE = 1 / 15;
const GOAL_STALE_MS = 10;

interface Measured extends Slice {
  /** Of the gateway, for one dashboard and second. */
  micros: number;
}

/** What an open dashboard costs its gateway, and how old what it shows is, beside pages that poll. */
export async function measureDashboard({ stores, isQuick, say }: MeasureContext): Promise<Result> {
  const [rounds, seconds] = isQuick ? [2, 2] : [8, 5];
  const product = await Product.start(stores, 'dashboard');
  const people = await MeasuringProcess.start<DashboardsCalls>('dashboard/dashboards.process.ts');
  try {
    const [serving, writing] = product.gateways as [GatewayUnderTest, GatewayUnderTest];
    const owner = await product.signUp();
    const [live, polled] = [await product.createList([owner]), await product.createList([owner])];
    const [liveTask, polledTask] = (await people.call('prepareWriter', {
      ...{ url: writing.url, token: owner.token, listIds: [live, polled] },
    })) as [string, string];
    const tokens = Array<string>(PEOPLE).fill(owner.token);
    await people.call('watch', { url: serving.url, tokens, listId: live });
    const measured = async (slice: () => Promise<Slice>): Promise<Measured> => {
      const before = await serving.process.call('cpuMicros');
      const got = await slice();
      const used = (await serving.process.call('cpuMicros')) - before;
      return { ...got, micros: used / PEOPLE / got.seconds, bytes: got.bytes / PEOPLE / got.seconds };
    };
    const asking = (pauseMs: number) => () =>
      measured(() =>
        people.call('askFor', {
          ...{ url: serving.url, tokens, listId: polled, taskId: polledTask, pauseMs, seconds },
          everyMs: CHANGE_EVERY_MS,
        }),
      );
    const slices = await interleave(
      rounds,
      {
        live: () => measured(() => people.call('watchFor', { taskId: liveTask, seconds, everyMs: CHANGE_EVERY_MS })),
        everySecond: asking(1_000),
        everyTwo: asking(2_000),
      },
      (round) => say(`round ${round} of ${rounds}`),
    );
    const row = (kind: 'micros' | 'bytes', peer: 'everySecond' | 'everyTwo', name: string, isGoal = false): Row => {
      const [ours, theirs] = [slices.live, slices[peer]].map((some) => some.map((slice) => slice[kind]));
      const ratio = medianOf(ours!.map((value, round) => value / theirs![round]!));
      const unit = kind === 'micros' ? 'µs' : 'B';
      return {
        ...{ name, measured: show(medianOf(ours!), unit), against: show(medianOf(theirs!), unit), ratio },
        ...(isGoal ? { goal: 'at most 0.067 × (1/15)', isMet: ratio <= GOAL_SHARE } : {}),
      };
    };
    const stale = (name: keyof typeof slices, share: number) =>
      medianOf(slices[name].map((slice) => quantileOf(slice.staleMs, share)));
    const staleRow = (name: string, share: number, isGoal: boolean): Row => ({
      ...{ name, measured: show(stale('live', share), 'ms'), against: show(stale('everySecond', share), 'ms') },
      ratio: stale('live', share) / stale('everySecond', share),
      ...(isGoal ? { goal: `at most ${GOAL_STALE_MS} ms`, isMet: stale('live', share) <= GOAL_STALE_MS } : {}),
    });
    return {
      rows: [
        row('micros', 'everySecond', 'CPU of the gateway, against asking every second', true),
        row('micros', 'everyTwo', 'CPU of the gateway, against asking every two seconds'),
        row('bytes', 'everySecond', 'bytes sent, against asking every second'),
        row('bytes', 'everyTwo', 'bytes sent, against asking every two seconds'),
        staleRow('age of what is shown when it comes, p50, against asking every second', 0.5, true),
        staleRow('the same, p99', 0.99, false),
      ],
      notes: [
        `Asked for every two seconds it is ${show(stale('everyTwo', 0.5), 'ms')} old at the median, and ` +
          `${show(stale('everyTwo', 0.99), 'ms')} at p99.`,
      ],
    };
  } finally {
    await Promise.all([people.stop(), product.stop()]);
  }
}
