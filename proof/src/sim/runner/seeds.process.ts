/** A process that runs seeds, one after another: `seeds.process.ts <database> <plant or ->`. */
import { plant } from '../planted/plant.ts';
import type { Answer, Ask } from './messages.ts';

/** Any world will do. */
const WARM_UP = 1;

const [url = '', plantName = '-'] = process.argv.slice(2);
if (plantName !== '-') await plant(plantName, url);
// Only now: a planted bug is in the product's files as they are loaded.
const { openSeeds } = await import('./open-seeds.ts');
const seeds = openSeeds(url);
// The first run of a process loads modules and makes connections while its virtual time passes: it is nobody's.
if (plantName === '-') await seeds.run(WARM_UP, false);
const tell = (answer: Answer) => process.send?.(answer);
let line: Promise<unknown> = Promise.resolve();

process.on('message', (asked: Ask) => {
  line = line.then(async () => {
    try {
      if (asked.ask === 'run') tell({ answer: 'ran', ...(await seeds.run(asked.seed, asked.isTold)) });
      else tell({ answer: 'shrunk', ...(await seeds.shrink(asked.seed)) });
    } catch (error) {
      tell({ answer: 'failed', seed: asked.seed, fault: (error as Error).stack ?? String(error) });
    }
  });
});
// A fault that nobody caught is a verdict too.
process.on('unhandledRejection', (fault) => {
  tell({ answer: 'failed', seed: -1, fault: (fault as Error)?.stack ?? String(fault) });
});
process.on('disconnect', () => process.exit(0));
tell({ answer: 'ready' });
