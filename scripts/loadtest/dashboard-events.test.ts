import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { DashboardReader, followDashboard, type Sample } from './dashboard-events.ts';

const aggregates = { counter: ['count', 'rate'], gauge: ['value'], rate: ['rate'], trend: ['avg', 'med', 'p(95)'] };
const NOW = 1_795_291_497_112;

function reader(): DashboardReader {
  const one = new DashboardReader();
  one.read('param', JSON.stringify({ aggregates }));
  one.read('metric', JSON.stringify({ time: { type: 'gauge' } }));
  one.read('metric', JSON.stringify({ muster_lost: { type: 'counter' }, muster_delivery: { type: 'trend' } }));
  return one;
}

test('values come in the order of the names of all metrics so far', () => {
  const one = reader();
  expect(one.read('snapshot', JSON.stringify([[3, 2, 4], [0, 0], [NOW]]))).toEqual({
    at: NOW,
    values: {
      muster_delivery: { avg: 3, med: 2, 'p(95)': 4 },
      muster_lost: { count: 0, rate: 0 },
      time: { value: NOW },
    },
  });
  one.read('metric', JSON.stringify({ iterations: { type: 'counter' } }));
  const later = one.read('snapshot', JSON.stringify([[1, 1], [], [7, 7], [NOW]]));
  expect(later?.values).toEqual({
    iterations: { count: 1, rate: 1 },
    muster_lost: { count: 7, rate: 7 },
    time: { value: NOW },
  });
});

test('an order that is not this one gives nothing, and other events neither', () => {
  const one = reader();
  expect(one.read('snapshot', JSON.stringify([[NOW], [3, 2, 4], [0, 0]]))).toBeUndefined();
  expect(one.read('cumulative', JSON.stringify([[3, 2, 4], [0, 0], [NOW]]))).toBeUndefined();
});

test('hangs up at the last word: k6 waits for those who listen', async () => {
  const events = [
    ['param', { aggregates }],
    ['metric', { time: { type: 'gauge' } }],
    ['snapshot', [[NOW]]],
    ['stop', [[NOW]]],
  ].map(([event, data]) => `id: 1\ndata: ${JSON.stringify(data)}\nevent: ${event as string}\n\n`);
  let hungUp: () => void;
  const isHungUp = new Promise<void>((resolve) => (hungUp = resolve));
  const server = createServer((_request, response) => {
    response.write(events.join(''));
    response.on('close', () => hungUp());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const samples: Sample[] = [];
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await followDashboard(url, new AbortController().signal, (sample) => samples.push(sample));
  await isHungUp;
  server.close();
  expect(samples).toEqual([{ at: NOW, values: { time: { value: NOW } } }]);
});
