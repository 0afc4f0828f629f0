import { scopeOf } from '@muster/protocol/id';
import { uuid } from '@muster/domain/test/world';
import { createClient } from '../src/client.ts';
import { createMemoryStorage } from '../src/memory-storage.ts';
import type { ClientOptions, EntityChange, MusterClient } from '../src/types.ts';
import { FakeClock, settled } from './fake-clock.ts';
import { FakeServer } from './fake-server.ts';

export { uuid };
export const ADA = uuid(1);
export const BEN = uuid(2);
export const LIST = uuid(100);
export const LIST_SCOPE = scopeOf('list', LIST);

export interface Setup {
  server: FakeServer;
  clock: FakeClock;
  client(options?: Partial<ClientOptions>): MusterClient;
  stop(): Promise<void>;
}

/** A server where Ada and Ben share a list, and clients for it. */
export function setUp(): Setup {
  const server = new FakeServer();
  const clock = new FakeClock();
  const clients: MusterClient[] = [];
  server.act(ADA, 'list.create', { id: LIST, title: 'Groceries' });
  server.world.accounts.set('ben@example.org', BEN);
  server.world.addPerson(BEN);
  server.act(ADA, 'member.invite', { listId: LIST, email: 'ben@example.org', role: 'editor' });
  return {
    server,
    clock,
    client(options = {}) {
      const client = createClient({
        url: 'http://server',
        token: ADA,
        transport: server.transport,
        storage: createMemoryStorage(),
        clock,
        ...options,
      });
      clients.push(client);
      return client;
    },
    async stop() {
      for (const client of clients) await client.stop();
    },
  };
}

/** A copy of a client's profile uses a mid before it: Ada's client has to take another clientId. */
export function copyTakes(server: FakeServer, clientId: string, mid: number): void {
  const copys = { mid, nonce: 'f'.repeat(36), name: 'client.void', args: {} };
  server.mutate(copys, { userId: ADA, auth: { clientId, protocol: 1 } });
}

export const titles = (client: MusterClient, scope = LIST_SCOPE): string[] =>
  client
    .all(scope, 'task')
    .sort((a, b) => (a.value.pos < b.value.pos ? -1 : 1))
    .map(({ value }) => value.title);

/** Everything that the page was told, entity by entity. */
export function record(client: MusterClient): EntityChange[] {
  const changes: EntityChange[] = [];
  client.on('entities', (news) => changes.push(...news));
  return changes;
}

export { settled };
