import { createClient } from '@muster/client/client';
import { createIndexedDbStorage } from '@muster/client/indexeddb';
import type { MusterClient } from '@muster/client/types';

/** The sync client of this browser profile. Its store knows whose it is and changes hands by itself. */
export function connect(url: string): MusterClient {
  return createClient({ url, storage: createIndexedDbStorage() });
}
