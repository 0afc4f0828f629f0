import pg from 'pg';
import type { MeasureContext } from '../measure-context.ts';
import { MeasuringProcess } from '../processes/measuring-process.ts';
import { Product, type Person } from '../product/product.ts';
import type { Result } from '../report/row.ts';
import { quantileOf, show } from '../statistics.ts';
import type { ReturningCalls } from './returning.process.ts';

const CLIENTS = 2_000;
const PEOPLE = 400;
const LISTS = 20;
/** What each shared list's people missed. */
const MISSED = 20;
const GOAL_MS = 5_000;
/** Two gateways, each with its pool for reads (DATABASE_POOL) and two connections for commits. */
const CONNECTIONS_AT_MOST = 2 * (10 + 2);
const SAMPLE_EVERY_MS = 20;

/** All at once: clients come back with positions after everyone was cut off. */
export async function measureStorm({ stores, isQuick, say }: MeasureContext): Promise<Result> {
  const [rounds, clients, people] = isQuick ? [1, CLIENTS / 10, PEOPLE / 10] : [5, CLIENTS, PEOPLE];
  const product = await Product.start(stores, 'storm');
  const returning = await MeasuringProcess.start<ReturningCalls>('storm/returning.process.ts');
  const watch = new pg.Client(product.databaseUrl);
  await watch.connect();
  try {
    const owner = await product.signUp();
    const lists = await shareLists(product, owner);
    const tokens: string[] = [];
    for (let index = 0; index < people; index++) tokens.push(await product.enterAsGuest());
    const urls = product.gateways.map(({ url }) => url);
    say(`${people} people with a list of their own and one of ${LISTS} that they share`);
    await returning.call('prepare', { urls, tokens, lists });
    const waits: number[] = [];
    const opens: number[] = [];
    let [connections, busy, cpuMicros] = [0, 0, 0];
    for (let round = 0; round < rounds; round++) {
      await returning.call('miss', { token: owner.token, lists: lists.map(({ id }) => id), changes: MISSED });
      const before = await cpuMicrosOf(product);
      const stop = sample(watch, (all, active) => {
        connections = Math.max(connections, all);
        busy = Math.max(busy, active);
      });
      const storm = await returning.call('storm', { clients, missed: MISSED }).finally(stop);
      cpuMicros += (await cpuMicrosOf(product)) - before;
      waits.push(...storm.waitsMs);
      opens.push(...storm.opensMs);
      say(`storm ${round + 1} of ${rounds}: the last was served after ${show(Math.max(...storm.waitsMs), 'ms')}`);
    }
    return resultOf({ clients, waits, opens, connections, busy, cpuMicros });
  } finally {
    await watch.end();
    await Promise.all([returning.stop(), product.stop()]);
  }
}

async function cpuMicrosOf({ gateways }: Product): Promise<number> {
  const used = await Promise.all(gateways.map(({ process }) => process.call('cpuMicros')));
  return used.reduce((sum, micros) => sum + micros, 0);
}

async function shareLists(product: Product, owner: Person): Promise<{ id: string; secret: string }[]> {
  const lists = [];
  for (let index = 0; index < LISTS; index++) {
    const id = await product.createList([owner]);
    lists.push({ id, secret: await product.createLink(owner, id) });
  }
  return lists;
}

/** Counts the gateways' connections until it is told to stop. */
function sample(client: pg.Client, onSample: (all: number, active: number) => void): () => Promise<void> {
  let isOn = true;
  const sampling = (async () => {
    while (isOn) {
      const { rows } = await client.query<{ all: number; active: number }>(
        `select count(*)::int as all, count(*) filter (where state = 'active')::int as active from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`,
      );
      onSample(rows[0]!.all, rows[0]!.active);
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_EVERY_MS));
    }
  })();
  return () => {
    isOn = false;
    return sampling;
  };
}

function resultOf(storm: {
  clients: number;
  waits: number[];
  opens: number[];
  connections: number;
  busy: number;
  cpuMicros: number;
}): Result {
  const { clients, waits, opens, connections, busy, cpuMicros } = storm;
  const name = `${clients.toLocaleString('en-US')} clients return at once`;
  const last = Math.max(...waits);
  return {
    rows: [
      { name: `${name}: from connecting until caught up, p50`, measured: show(quantileOf(waits, 0.5), 'ms') },
      { name: `${name}: the same, p99`, measured: show(quantileOf(waits, 0.99), 'ms') },
      {
        ...{ name: `${name}: the same, the last`, measured: show(last, 'ms') },
        ...{ goal: `below ${GOAL_MS.toLocaleString('en-US')} ms`, isMet: last < GOAL_MS },
      },
      { name: 'of that from asking with positions to the answer, p99', measured: show(quantileOf(opens, 0.99), 'ms') },
      {
        ...{ name: 'the most connections that Postgres saw', measured: String(connections) },
        ...{ goal: `at most ${CONNECTIONS_AT_MOST}`, isMet: connections <= CONNECTIONS_AT_MOST },
      },
      { name: 'the most of them at work at once', measured: String(busy) },
      { name: "the gateways' CPU for one return", measured: show(cpuMicros / 1_000 / waits.length, 'ms') },
    ],
    notes: [`Of ${waits.length.toLocaleString('en-US')} returns in all none was refused, and none was answered short.`],
  };
}
