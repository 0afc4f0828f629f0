import type { Costs } from './costs.ts';
import type { Demand, Machines, Plan } from './model.ts';

const count = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : 0 });

const BYTES: [number, string][] = [
  [2 ** 40, 'TB'],
  [2 ** 30, 'GB'],
  [2 ** 20, 'MB'],
  [2 ** 10, 'kB'],
];
export function bytes(value: number): string {
  const [unit, name] = BYTES.find(([size]) => value >= size) ?? [1, 'B'];
  return `${count(value / unit)} ${name}`;
}

/** A plan as people read it in a terminal. */
export function describePlan(demand: Demand & Machines, plan: Plan): string {
  const lines = [
    `${count(demand.connections)} pages, ${count(demand.room)} to a list, and ${count(demand.runs)} answers at once:`,
    `  ${count(plan.changesPerSecond)} changes a second, ${count(plan.deliveriesPerSecond)} deliveries, ` +
      `${count(plan.piecesPerSecond)} pieces of answers (words wait ${count(plan.windowMs)} ms)`,
    `  ${bytes(plan.walBytesPerSecond)} a second written ahead, ${bytes(plan.storedBytesPerDay)} of log a day, ` +
      `${count(plan.headsPerSecond)} heads compared a second`,
    '',
    ...plan.tiers.map(
      (tier) =>
        `  ${count(tier.count).padStart(6)} ${tier.name.padEnd(10)}${count(tier.cores).padStart(8)} cores busy` +
        `${(tier.bytes > 0 ? bytes(tier.bytes) : '').padStart(12)}   by ${tier.because}`,
    ),
    '',
    `  What gives first: ${plan.firstToGive}`,
  ];
  return lines.join('\n');
}

/** Demands beside each other, as a table in Markdown. */
export function tableOfPlans(plans: { name: string; plan: Plan }[]): string {
  const rows: [string, (plan: Plan) => string][] = [
    ['changes a second', (plan) => count(plan.changesPerSecond)],
    ['deliveries a second', (plan) => count(plan.deliveriesPerSecond)],
    ['pieces of answers a second', (plan) => count(plan.piecesPerSecond)],
    ['words wait for', (plan) => `${count(plan.windowMs)} ms`],
    ['heads compared a second', (plan) => count(plan.headsPerSecond)],
    ['written ahead', (plan) => `${bytes(plan.walBytesPerSecond)}/s`],
    ['log a day', (plan) => bytes(plan.storedBytesPerDay)],
    ...['gateways', 'workers', 'Redis', 'Postgres'].map((name): [string, (plan: Plan) => string] => [
      `**${name}**`,
      (plan) => {
        const tier = plan.tiers.find((one) => one.name === name)!;
        return `**${count(tier.count)}** (${count(tier.cores)} cores busy${tier.bytes > 0 ? `, ${bytes(tier.bytes)}` : ''})`;
      },
    ]),
    ['gives first', (plan) => plan.firstToGive],
  ];
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(['', ...plans.map(({ name }) => name)]),
    line(['---', ...plans.map(() => '---:')]),
    ...rows.map(([name, cell]) => line([name, ...plans.map(({ plan }) => cell(plan))])),
  ].join('\n');
}

const MICROS = (value: number) => `${count(value)} µs`;

/** What the model is made of, as a table in Markdown. */
export function tableOfCosts(costs: Costs): string {
  const rows = [
    ['gateway: a delivery to one socket', MICROS(costs.gateway.deliveryMicros)],
    ['gateway: a change that comes from Redis, before its first socket', MICROS(costs.gateway.packetMicros)],
    ['gateway: a piece of an answer that comes from Redis, with its first reader', MICROS(costs.gateway.pieceMicros)],
    ['gateway: a change that a socket sends', MICROS(costs.gateway.submitMicros)],
    ['gateway: a page that comes back with its positions', MICROS(costs.gateway.returnMicros)],
    ['gateway: a connection that does nothing, a second', MICROS(costs.gateway.idleMicros)],
    ['gateway: memory of a connection with a list open', bytes(costs.gateway.connectionBytes)],
    ['gateway: memory before the first', bytes(costs.gateway.baseBytes)],
    ['worker: a run that streams, a second', MICROS(costs.worker.streamMicros)],
    ['worker: beginning and ending a run', MICROS(costs.worker.runMicros)],
    ['worker: memory of a run', bytes(costs.worker.runBytes)],
    ['Redis: a publish', MICROS(costs.redis.publishMicros)],
    ['Redis: each gateway that it goes to', MICROS(costs.redis.deliverMicros)],
    ['Redis: a piece of an answer, appended, published and read by one gateway', MICROS(costs.redis.pieceMicros)],
    ["Redis: memory of a gateway's subscription to one list", bytes(costs.redis.subscriptionBytes)],
    ["Redis: memory of an answer's stream", bytes(costs.redis.streamBytes)],
    ['Postgres: a change', MICROS(costs.postgres.changeMicros)],
    ['Postgres: written ahead for a change', bytes(costs.postgres.walBytes)],
    ['Postgres: a change in the log, with its indexes', bytes(costs.postgres.storedBytes)],
    ['Postgres: comparing a head', MICROS(costs.postgres.headMicros)],
    ['Postgres: a page that comes back', MICROS(costs.postgres.returnMicros)],
  ];
  return ['| what | costs |', '| --- | ---: |', ...rows.map(([what, cost]) => `| ${what} | ${cost} |`)].join('\n');
}
