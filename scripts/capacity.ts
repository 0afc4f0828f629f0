/** `npm run capacity`: how many processes carry what is asked for, and what gives first; `--write` for docs/capacity.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COSTS } from './capacity/costs.ts';
import { fillDocument } from './capacity/document.ts';
import { planFor } from './capacity/model.ts';
import { parseOptions, USAGE } from './capacity/options.ts';
import { describePlan } from './capacity/tables.ts';

const DOCUMENT = join(import.meta.dirname, '..', 'docs', 'capacity.md');

try {
  const args = process.argv.slice(2);
  if (args.includes('--help')) console.log(USAGE);
  else {
    const { values, isWrite } = parseOptions(args);
    console.log(describePlan(values, planFor(values, COSTS, values)));
    if (isWrite) {
      writeFileSync(DOCUMENT, fillDocument(readFileSync(DOCUMENT, 'utf8')));
      console.log('\ndocs/capacity.md has its tables anew.');
    }
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
