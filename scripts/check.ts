/**
 * `npm run check`: formatting, lint (with the import table and the length of files), types, cycles and generated files.
 * `npm run check -- lint types` runs only the steps whose names contain one of the words.
 */
import { join } from 'node:path';
import { runSteps } from './check/run-steps.ts';
import { listSteps } from './check/steps.ts';

const words = process.argv.slice(2);
const steps = listSteps(join(import.meta.dirname, '..')).filter(
  ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
);
const results = await runSteps(steps, {
  atATime: 2,
  onDone: ({ name, isGood, output, note, ms }) => {
    console.log(`${isGood ? '✓' : '✗'} ${name} (${(ms / 1000).toFixed(1)} s)`);
    if (note !== undefined) console.log(`  ${note}`);
    if (!isGood) console.log(`${output}\n`);
  },
});
const failed = results.filter(({ isGood }) => !isGood);
if (failed.length > 0) console.log(`Not in order: ${failed.map(({ name }) => name).join(', ')}.`);
console.log(`${results.length - failed.length} passed, ${failed.length} failed`);
process.exit(failed.length === 0 && results.length > 0 ? 0 : 1);
