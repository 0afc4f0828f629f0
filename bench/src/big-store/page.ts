/** Runs in the browser: fills a store as the product would, and opens it again after a reload. */
import { createClient } from '@muster/client/client';
import { createIndexedDbStorage } from '@muster/client/indexeddb';
import type { Transport } from '@muster/client/types';
import { scopeOf } from '@muster/protocol/id';
import { v7 } from 'uuid';

const USER = '11111111-1111-4111-8111-111111111111';
const LOG = '22222222-2222-4222-8222-222222222222';
const WORDS =
  'call mend paint order the of for with new old red blue kitchen roof garden ticket letter report draft'.split(' ');

/** The server is away: everything comes from the disk. */
const nowhere: Transport = {
  connect: (_url, _auth, events) => (queueMicrotask(() => events.closed('away')), { send: () => {}, close: () => {} }),
};

const words = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => WORDS[(from * 7 + n * n * 3 + n) % WORDS.length]).join(' ');

async function fill(lists: number, tasks: number): Promise<void> {
  const storage = createIndexedDbStorage();
  await storage.setUser(USER);
  const at = { seq: 1, logEpoch: LOG, aclEpoch: 1 };
  const memberships = [];
  for (let list = 0; list < lists; list++) {
    const listId = v7();
    const scope = scopeOf('list', listId);
    const value = { role: 'owner', pos: `a${String(list).padStart(4, '0')}`, muted: false, seenSeq: 1 };
    memberships.push({ scope: scopeOf('user', USER), type: 'membership', id: listId, value });
    const entities: { scope: typeof scope; type: string; id: string; value: Record<string, unknown> }[] = [
      { scope, type: 'list', id: listId, value: { title: words(list, 3), archivedAt: null, createdAt: 1 } },
      { scope, type: 'member', id: USER, value: { role: 'owner' } },
    ];
    for (let n = 0; n < tasks; n++) {
      const task = {
        ...{ listId, parentId: null, title: words(list + n, 6), notes: n % 4 ? '' : words(n, 25), done: n % 3 === 0 },
        ...{
          doneAt: null,
          due: n % 5 ? null : { date: '2026-11-21' },
          priority: 'none',
          assigneeIds: [],
          labelIds: [],
        },
        ...{ pos: `a${String(n).padStart(5, '0')}`, createdAt: 1_700_000_000_000 + n, createdBy: USER },
      };
      entities.push({ scope, type: 'task', id: v7(), value: task });
    }
    await storage.replaceScope({ scope, ...at }, entities);
  }
  await storage.replaceScope({ scope: scopeOf('user', USER), ...at }, memberships);
  await storage.close();
}

/** What a reload comes to: until all is there, until one list is read, and a search over everything. */
async function open() {
  const client = createClient({ url: location.origin, storage: createIndexedDbStorage(), transport: nowhere });
  let told = 0;
  client.on('entities', (changes) => void (told += changes.length));
  const began = performance.now();
  await client.start();
  const hydrateMs = performance.now() - began;
  const sinceReloadMs = performance.now();
  const lists = client.all(scopeOf('user', USER), 'membership');
  const tasks = lists.map(({ id }) => client.all(scopeOf('list', id), 'task').length);
  const allMs = performance.now() - began - hydrateMs;
  const searched: number[] = [];
  for (const text of ['garden', 'red kitchen', 'nothing like it']) {
    const from = performance.now();
    client.search(text);
    searched.push(performance.now() - from);
  }
  const queued = performance.now();
  const [first] = lists;
  client.mutate('task.create', { id: v7(), listId: first!.id, title: 'Typed after the reload' });
  const editMs = performance.now() - queued;
  const count = tasks.reduce((sum, many) => sum + many, 0);
  return {
    hydrateMs,
    sinceReloadMs,
    allMs,
    firstSearchMs: searched[0]!,
    searchMs: Math.max(...searched),
    editMs,
    told,
    lists: lists.length,
    tasks: count,
  };
}

const calls = { fill, open };
export type PageCalls = typeof calls;
Object.assign(globalThis, { bigStore: calls });
