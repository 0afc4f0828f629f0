/** `npm run sim`: one program; `--inside` marks the processes that it starts for itself. */
import { simulate } from './simulate.ts';
import { parseOptions } from './options.ts';

process.exitCode = await simulate(parseOptions(process.argv.slice(2)));
