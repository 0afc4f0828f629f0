/**
 * `npm run rollout [-- --data .data]`: replaces every process of the running product by one of the code as it stands
 * now, one after the other, while people work.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DEFAULT_DATA } from './launch/options.ts';
import { readRunFile } from './launch/run-file.ts';
import { askLauncher } from './rollout/ask-launcher.ts';

try {
  const { values } = parseArgs({ options: { data: { type: 'string' } } });
  const data = resolve(values.data ?? DEFAULT_DATA);
  const run = readRunFile(data);
  if (run === undefined)
    throw new Error(`Muster is not running on ${data}: start it with npm start, or name its folder with --data.`);
  if (run.control === undefined) throw new Error('The product that runs knows no rollout: start it again once.');
  await askLauncher(run.control, 'rollout', (line) => console.log(line));
} catch (error) {
  console.error(`\nThe rollout failed. ${(error as Error).message}`);
  process.exitCode = 1;
}
