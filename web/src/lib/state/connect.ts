import { createClient } from '@muster/client/client';
import { createIndexedDbStorage } from '@muster/client/indexeddb';
import { socketIoTransport } from '@muster/client/socket-io';
import type { MusterClient } from '@muster/client/types';
import type { Config } from '../api/config.ts';

/** The sync client of this browser profile. Its store knows whose it is and changes hands by itself. */
export function connect({ api, trace }: Config): MusterClient {
  const transport = trace ? trace(socketIoTransport) : socketIoTransport;
  return createClient({ url: api, storage: createIndexedDbStorage(), transport });
}
