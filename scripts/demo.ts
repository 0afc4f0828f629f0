/**
 * `npm run demo [-- --data .data | --url http://…]`: fills a running product with two people, three lists and a
 * conversation, over its public API.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { PEOPLE } from './demo/content.ts';
import { fillDemo } from './demo/fill.ts';
import { DEFAULT_DATA } from './launch/options.ts';
import { readRunFile } from './launch/run-file.ts';

try {
  const { values } = parseArgs({ options: { data: { type: 'string' }, url: { type: 'string' } } });
  const url = values.url ?? readRunFile(resolve(values.data ?? DEFAULT_DATA))?.url;
  if (url === undefined) throw new Error('Muster is not running here: start it with npm start, then run this again.');
  await fillDemo(url.replace(/\/$/, ''), (line) => console.log(line));
  console.log(`\nOpen ${url} as:`);
  for (const { name, email, password } of Object.values(PEOPLE)) console.log(`  ${name}: ${email}, ${password}`);
} catch (error) {
  const reason = (error as Error).cause instanceof Error ? ` (${((error as Error).cause as Error).message})` : '';
  console.error(`${(error as Error).message}${reason}`);
  process.exitCode = 1;
}
