/** `npm run sim`: tries to break the promises, and says which one broke. See docs/sync-proof.md. */
import { parseOptions, USAGE, type SimOptions } from './runner/options.ts';
import { simulate } from './runner/simulate.ts';

const args = process.argv.slice(2);
if (args.includes('--help')) console.log(USAGE);
else process.exitCode = await simulate(readOptions(), process.env['SIM_DATABASE_URL']);

function readOptions(): SimOptions {
  try {
    return parseOptions(args, Date.now());
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}
