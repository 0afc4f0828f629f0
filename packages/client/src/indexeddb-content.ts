import type { ScopeId } from '@muster/protocol/id';
import { isOfScope, emptied } from './acknowledged.ts';
import { FULL_PAGE, entitiesIn, pageOf, readText, toText } from './entity-pages.ts';
import type { Disk, Writing } from './indexeddb-disk.ts';
import { putScope, under, type PageRow, type ScopeRow } from './indexeddb-schema.ts';
import type { Content, Value } from './ref.ts';
import type { StoragePort, StoredEntity, StoredScope } from './types.ts';

/** Pages that are read at once: the next ones come while these are parsed. */
const BATCH = 250;

interface Reading {
  scopes: StoredScope[];
  content: Map<ScopeId, Content>;
  torn: ScopeId[];
}

interface Pages {
  objectStore(name: 'pages'): { getAll(range: IDBKeyRange, count: number): Promise<PageRow[]> };
}

/** What was read of a scope; `size` undefined: some of it is unreadable. */
interface Found {
  pages: number;
  size: number | undefined;
  content: Content;
}

/** Confirmed content of one profile. Each scope is whole, or it is none: half a scope is told as torn. */
export async function readContent(tx: Pages, profile: string, heads: ScopeRow[]): Promise<Reading> {
  const found = new Map<ScopeId, Found>();
  const read = (from: IDBKeyRange) => tx.objectStore('pages').getAll(from, BATCH);
  const all = under(profile);
  let next: Promise<PageRow[]> | undefined = read(all);
  while (next) {
    const rows: PageRow[] = await next;
    const last = rows.length === BATCH ? rows.at(-1) : undefined;
    next = last && read(IDBKeyRange.bound([profile, last.scope, last.page], all.upper, true));
    for (const row of rows) takePage(found, row);
  }
  const reading: Reading = { scopes: [], content: new Map(), torn: [] };
  for (const { scope, seq, logEpoch, aclEpoch, pages, size } of heads) {
    const read = found.get(scope);
    found.delete(scope);
    const isHead = Number.isSafeInteger(seq) && typeof logEpoch === 'string' && typeof aclEpoch === 'number';
    if (!isHead || read?.pages !== pages || read.size !== size) reading.torn.push(scope);
    else {
      reading.scopes.push({ scope, seq, logEpoch, aclEpoch });
      reading.content.set(scope, read.content);
    }
  }
  // Content without a head.
  reading.torn.push(...found.keys());
  return reading;
}

function takePage(found: Map<ScopeId, Found>, { scope, text }: PageRow): void {
  const known = found.get(scope as ScopeId) ?? { pages: 0, size: 0, content: new Map() };
  found.set(scope as ScopeId, known);
  const count = readText(text, known.content);
  known.pages += 1;
  known.size = known.size === undefined || count === undefined ? undefined : known.size + count;
}

type Writer = Writing<('scopes' | 'pages')[]>;

const removeScope = (tx: Writer, profile: string, scope: string): Promise<unknown> =>
  Promise.all([
    tx.objectStore('pages').delete(under(profile, scope)),
    tx.objectStore('scopes').delete([profile, scope]),
  ]);

async function apply(
  tx: Writer,
  head: ScopeRow,
  to: { seq: number; aclEpoch: number },
  puts: readonly StoredEntity[],
  dels: readonly { type: string; id: string }[],
): Promise<boolean> {
  const { profile, scope, pages } = head;
  const numbers = [...new Set([...puts, ...dels].map((entity) => pageOf(entity, pages)))];
  const rows = await Promise.all(numbers.map((page) => tx.objectStore('pages').get([profile, scope, page])));
  const touched = new Map(numbers.map((page) => [page, new Map() as Content]));
  let size = head.size;
  for (const [at, content] of [...touched.values()].entries()) {
    const count = readText(rows[at]?.text, content);
    if (count === undefined) {
      await removeScope(tx, profile, scope);
      return false;
    }
    size -= count;
  }
  for (const { type, id, value } of puts) {
    const content = touched.get(pageOf({ type, id }, pages));
    const byId = content?.get(type) ?? new Map<string, Value>();
    content?.set(type, byId.set(id, value));
  }
  for (const { type, id } of dels) touched.get(pageOf({ type, id }, pages))?.get(type)?.delete(id);
  for (const content of touched.values()) for (const byId of content.values()) size += byId.size;
  await Promise.all([
    ...[...touched].map(([page, content]) =>
      tx.objectStore('pages').put({ profile, scope, page, text: toText(entitiesIn(content)) }),
    ),
    tx.objectStore('scopes').put({ ...head, ...to, size }),
  ]);
  if (size > pages * FULL_PAGE) await spread(tx, { ...head, ...to });
  return true;
}

/** A scope that has grown is written anew, on more pages. */
async function spread(tx: Writer, head: ScopeRow): Promise<void> {
  const rows = await tx.objectStore('pages').getAll(under(head.profile, head.scope));
  const content: Content = new Map();
  // Torn elsewhere: the next start finds it.
  if (rows.some(({ text }) => readText(text, content) === undefined)) return;
  await tx.objectStore('pages').delete(under(head.profile, head.scope));
  await putScope(tx, head, [...entitiesIn(content)]);
}

type ContentPort = Pick<StoragePort, 'replaceScope' | 'applyPacket' | 'dropScope' | 'evict'>;

export function createContent(disk: Disk, own: () => Promise<string>): ContentPort {
  return {
    async replaceScope(head, entities) {
      const profile = await own();
      await disk.write(['scopes', 'pages'], 'relaxed', async (tx) => {
        await tx.objectStore('pages').delete(under(profile, head.scope));
        await putScope(tx, { ...head, profile }, entities);
      });
    },

    async applyPacket(scope, logEpoch, from, to, aclEpoch, puts, dels) {
      const profile = await own();
      return disk.write(['scopes', 'pages'], 'relaxed', async (tx) => {
        const head = await tx.objectStore('scopes').get([profile, scope]);
        const fits = head !== undefined && head.logEpoch === logEpoch && from <= head.seq + 1 && head.seq + 1 <= to;
        return fits && apply(tx, head, { seq: to, aclEpoch }, puts, dels);
      });
    },

    async dropScope(scope) {
      const profile = await own();
      await disk.write(['scopes', 'pages', 'acknowledged', 'former'], 'strict', async (tx) => {
        await removeScope(tx as unknown as Writer, profile, scope);
        const store = tx.objectStore('acknowledged');
        for (const row of await store.getAll(under(profile))) if (isOfScope(row, scope)) await store.put(emptied(row));
        const former = tx.objectStore('former');
        for (const row of await former.getAll(under(profile))) {
          if (isOfScope(row, scope)) await former.delete([profile, row.clientId, row.mid]);
        }
      });
    },

    async evict(scopes) {
      const profile = await own();
      await disk.write(['scopes', 'pages'], 'strict', async (tx) => {
        await Promise.all(scopes.map((scope) => removeScope(tx, profile, scope)));
      });
    },
  };
}
