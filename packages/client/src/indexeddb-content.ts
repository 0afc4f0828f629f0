import type { ScopeId } from '@muster/protocol/id';
import { isOfScope, emptied } from './acknowledged.ts';
import { FULL_PAGE, fromText, pageOf, toText, type PageEntity } from './entity-pages.ts';
import type { Disk, Writing } from './indexeddb-disk.ts';
import { putScope, under, type PageRow, type ScopeRow } from './indexeddb-schema.ts';
import { nameKey } from './ref.ts';
import type { StoragePort, StoredEntity, StoredScope } from './types.ts';

/** Pages that are read at once: the next ones come while these are parsed. */
const BATCH = 250;

type Reading = { scopes: StoredScope[]; entities: StoredEntity[]; torn: ScopeId[] };

interface Pages {
  objectStore(name: 'pages'): { getAll(range: IDBKeyRange, count: number): Promise<PageRow[]> };
}

/** Confirmed content of one profile. Each scope is whole, or it is none: half a scope is told as torn. */
export async function readContent(tx: Pages, profile: string, heads: ScopeRow[]): Promise<Reading> {
  const byScope = new Map<string, { pages: number; entities: StoredEntity[] | undefined }>();
  const read = (from: IDBKeyRange) => tx.objectStore('pages').getAll(from, BATCH);
  const all = under(profile);
  let next: Promise<PageRow[]> | undefined = read(all);
  while (next) {
    const rows: PageRow[] = await next;
    const last = rows.length === BATCH ? rows.at(-1) : undefined;
    next = last && read(IDBKeyRange.bound([profile, last.scope, last.page], all.upper, true));
    for (const { scope, text } of rows) take(byScope, scope as ScopeId, text);
  }
  const found: Reading = { scopes: [], entities: [], torn: [] };
  for (const { scope, seq, logEpoch, aclEpoch, pages, size } of heads) {
    const content = byScope.get(scope);
    byScope.delete(scope);
    const isHead = Number.isSafeInteger(seq) && typeof logEpoch === 'string' && typeof aclEpoch === 'number';
    if (!isHead || content?.pages !== pages || content.entities?.length !== size) found.torn.push(scope);
    else {
      found.scopes.push({ scope, seq, logEpoch, aclEpoch });
      for (const entity of content.entities) found.entities.push(entity);
    }
  }
  // Content without a head.
  found.torn.push(...([...byScope.keys()] as ScopeId[]));
  return found;
}

function take(
  byScope: Map<string, { pages: number; entities: StoredEntity[] | undefined }>,
  scope: ScopeId,
  text: string,
): void {
  const content = byScope.get(scope) ?? { pages: 0, entities: [] };
  byScope.set(scope, content);
  content.pages += 1;
  const entities = fromText(text);
  if (!entities) content.entities = undefined;
  for (const { type, id, value } of entities ?? []) content.entities?.push({ scope, type, id, value });
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
  const touched = new Map<number, Map<string, PageEntity>>();
  const numbers = new Set([...puts, ...dels].map((entity) => pageOf(entity, pages)));
  const rows = await Promise.all([...numbers].map((page) => tx.objectStore('pages').get([profile, scope, page])));
  let size = head.size;
  for (const [at, page] of [...numbers].entries()) {
    const entities = fromText(rows[at]?.text);
    if (!entities) {
      await removeScope(tx, profile, scope);
      return false;
    }
    touched.set(page, new Map(entities.map((entity) => [nameKey(entity.type, entity.id), entity])));
    size -= entities.length;
  }
  for (const { type, id, value } of puts)
    touched.get(pageOf({ type, id }, pages))?.set(nameKey(type, id), { type, id, value });
  for (const { type, id } of dels) touched.get(pageOf({ type, id }, pages))?.delete(nameKey(type, id));
  for (const entities of touched.values()) size += entities.size;
  await Promise.all([
    ...[...touched].map(([page, entities]) =>
      tx.objectStore('pages').put({ profile, scope, page, text: toText([...entities.values()]) }),
    ),
    tx.objectStore('scopes').put({ ...head, ...to, size }),
  ]);
  if (size > pages * FULL_PAGE) await spread(tx, { ...head, ...to });
  return true;
}

/** A scope that has grown is written anew, on more pages. */
async function spread(tx: Writer, head: ScopeRow): Promise<void> {
  const rows = await tx.objectStore('pages').getAll(under(head.profile, head.scope));
  const entities = rows.map(({ text }) => fromText(text));
  // Torn elsewhere: the next start finds it.
  if (entities.some((page) => page === undefined)) return;
  await tx.objectStore('pages').delete(under(head.profile, head.scope));
  await putScope(
    tx,
    head,
    entities.flatMap((page) => page ?? []),
  );
}

type Content = Pick<StoragePort, 'replaceScope' | 'applyPacket' | 'dropScope' | 'evict'>;

export function createContent(disk: Disk, own: () => Promise<string>): Content {
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
      await disk.write(['scopes', 'pages', 'acknowledged'], 'strict', async (tx) => {
        await removeScope(tx as unknown as Writer, profile, scope);
        const store = tx.objectStore('acknowledged');
        for (const row of await store.getAll(under(profile))) if (isOfScope(row, scope)) await store.put(emptied(row));
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
