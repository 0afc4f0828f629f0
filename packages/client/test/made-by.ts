import type { Made } from '../src/edits.ts';
import type { MusterClient } from '../src/types.ts';

/** What a gesture makes: the mutations of one step of the journal. */
export function madeBy(client: MusterClient, gesture: () => void): Made[] {
  const made: Made[] = [];
  const stop = client.on('made', (one) => made.push(one));
  gesture();
  stop();
  return made;
}
