import { VARIABLES, type ScenarioSize } from './scenarios.ts';

/** What the program that runs k6 (`npm run loadtest`) has decided. */
export function readEnvironment(): ScenarioSize & { url: string } {
  const number = (name: keyof ScenarioSize): number => {
    const value = Number(__ENV[VARIABLES[name]]);
    if (!(value > 0)) throw new Error(`${VARIABLES[name]} is missing: run this by npm run loadtest.`);
    return value;
  };
  const url = __ENV[VARIABLES.url];
  if (url === undefined) throw new Error(`${VARIABLES.url} is missing: run this by npm run loadtest.`);
  return { url, vus: number('vus'), seconds: number('seconds'), rate: number('rate'), viewers: number('viewers') };
}

/** k6 calls it at the end, however the run ended. What is made of it is the business of whoever runs k6. */
export function handleSummary(data: unknown): Record<string, string> {
  return { [__ENV[VARIABLES.summary] ?? 'stdout']: JSON.stringify(data) };
}
