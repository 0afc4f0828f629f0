import { parseArgs } from 'node:util';

export const USAGE = `npm run chaos -- [options]

Starts two gateways, two workers, Postgres and Redis, lets clients work on shared lists, breaks things on a schedule,
mends them, and holds everything that was recorded against the promises.

  --minutes N   how long a round's storm lasts (2)
  --clients N   how many clients take part (200)
  --rounds N    how many rounds, each with a seed of its own (1)
  --seed N      the first round's seed (drawn, and said); the next ones follow it
  --acts N      what all clients together do in a second (a tenth of their number, at least 6)
  --brief       each kind of fault once and short, in twenty seconds
  --logs DIR    where data, logs and histories lie (a folder of this run in the system's temporary one)
  --write       write the rounds and their figures into docs/chaos.md
  --keep        keep that folder where nothing is broken, too`;

export interface ChaosOptions {
  minutes: number;
  clients: number;
  rounds: number;
  seed: number | undefined;
  acts: number;
  isBrief: boolean;
  logs: string | undefined;
  isKept: boolean;
  isWritten: boolean;
}

/** @throws with a line that says what is wrong */
export function parseOptions(args: string[]): ChaosOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      ...{ minutes: text, clients: text, rounds: text, seed: text, acts: text, logs: text },
      ...{ brief: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false } },
      write: { type: 'boolean', default: false },
    },
  });
  const clients = numberOf('clients', values.clients, { least: 4, isWhole: true }) ?? 200;
  const isBrief = values.brief;
  return {
    minutes: numberOf('minutes', values.minutes, { least: 0.1 }) ?? (isBrief ? 1 / 3 : 2),
    clients,
    rounds: numberOf('rounds', values.rounds, { least: 1, isWhole: true }) ?? 1,
    seed: numberOf('seed', values.seed, { least: 0, isWhole: true }),
    acts: numberOf('acts', values.acts, { least: 0.1 }) ?? Math.max(6, clients / 10),
    ...{ isBrief, logs: values.logs, isKept: values.keep, isWritten: values.write },
  };
}

function numberOf(
  name: string,
  given: string | undefined,
  { least, isWhole = false }: { least: number; isWhole?: boolean },
): number | undefined {
  if (given === undefined) return undefined;
  const value = Number(given);
  if (!(value >= least) || (isWhole && !Number.isSafeInteger(value)))
    throw new Error(`--${name} should be ${isWhole ? 'a whole number' : 'a number'} from ${least}, and is "${given}".`);
  return value;
}
