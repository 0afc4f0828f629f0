import { COSTS } from './costs.ts';
import { planFor, type Demand } from './model.ts';
import { USUAL } from './options.ts';
import { tableOfCosts, tableOfPlans } from './tables.ts';

/** The road that docs/capacity.md goes: ten times as much at each step. */
export const ROAD: { name: string; demand: Partial<Demand> }[] = [
  { name: '1,000 pages', demand: { connections: 1_000, runs: 100 } },
  { name: '10,000 pages', demand: { connections: 10_000, runs: 1_000 } },
  { name: '100,000 pages', demand: { connections: 100_000, runs: 10_000 } },
  { name: '1,000,000 pages', demand: { connections: 1_000_000, runs: 100_000 } },
];

/** The document with its tables as the model has them now: each stands between a pair of comments with its name. */
export function fillDocument(text: string): string {
  const plans = ROAD.map(({ name, demand }) => {
    const values = { ...USUAL, ...demand };
    return { name, plan: planFor(values, COSTS, values) };
  });
  return Object.entries({ costs: tableOfCosts(COSTS), road: tableOfPlans(plans) }).reduce(
    (told, [name, table]) => fill(told, name, table),
    text,
  );
}

function fill(text: string, name: string, table: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [start, end] = [text.indexOf(open), text.indexOf(close)];
  if (start < 0 || end < start) throw new Error(`docs/capacity.md has no place for its table "${name}".`);
  return `${text.slice(0, start + open.length)}\n\n${table}\n\n${text.slice(end)}`;
}
