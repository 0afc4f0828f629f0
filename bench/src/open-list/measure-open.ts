import { medianOf } from '../commit/figures.ts';
import type { MeasureContext } from '../measure-context.ts';
import { MeasuringProcess } from '../processes/measuring-process.ts';
import { Product } from '../product/product.ts';
import type { Result } from '../report/row.ts';
import { show } from '../statistics.ts';
import type { OpenerCalls } from './opener.process.ts';

const TASKS = 2_000;
const GOAL_MS = 300;
const WARM_UP = 3;

/** A list of 2,000 tasks, from `scope:open` until its last page is there. */
export async function measureOpen({ stores, isQuick, say }: MeasureContext): Promise<Result> {
  const rounds = isQuick ? 3 : 20;
  const product = await Product.start(stores, 'open');
  const opener = await MeasuringProcess.start<OpenerCalls>('open-list/opener.process.ts');
  try {
    const person = await product.signUp();
    const listId = await product.createList([person]);
    say(`writing ${TASKS} tasks`);
    await opener.call('fill', { url: product.gateways[0]!.url, token: person.token, listId, tasks: TASKS });
    const tookMs: number[] = [];
    for (let round = -WARM_UP; round < rounds; round++) {
      const slice = await opener.call('open');
      if (slice.tasks !== TASKS) throw new Error(`${slice.tasks} of ${TASKS} tasks came`);
      if (round >= 0) tookMs.push(slice.tookMs);
    }
    const median = medianOf(tookMs);
    const name = `a list of ${TASKS.toLocaleString('en-US')} tasks opens, until its last page is there`;
    return {
      rows: [{ name, measured: show(median, 'ms'), goal: `below ${GOAL_MS} ms`, isMet: median < GOAL_MS }],
      notes: [`The median of ${rounds} opens; the slowest took ${show(Math.max(...tookMs), 'ms')}.`],
    };
  } finally {
    await Promise.all([opener.stop(), product.stop()]);
  }
}
