import { isSame } from '@muster/domain/is-same';
import { byScope, type LogRow } from './log.ts';
import { compareImages, imageOf, type ImagedEntity } from './scope-image.ts';
import type { Violation } from './violation.ts';

/** What a disk held of a scope at some moment, under the number that it gave. */
export interface DiskCopy {
  seat: string;
  scope: string;
  seq: number;
  entities: ImagedEntity[];
  /**
   * Its snapshot came in pages: the first page's number counts, while later pages may know of what came after. Only what
   * the changes from that number on make of it must be right.
   */
  isPaged: boolean;
}

/** P2: a disk's numbers and values belong together at every moment, since any tab may die at any moment. */
export function checkDiskCopies(log: LogRow[], copies: DiskCopy[]): Violation[] {
  const rows = byScope(log);
  return copies.flatMap(({ seat, scope, seq, entities, isPaged }) => {
    const all = rows.get(scope) ?? [];
    const known = all.filter((row) => row.seq <= seq);
    const later = all.filter((row) => row.seq > seq);
    const wanted = replay([], isPaged ? all : known);
    const held = isPaged ? replay(entities, later) : entities;
    // Most are as they should be, and putting it into words is dear.
    if (isAlike(wanted, held)) return [];
    return compareImages(imageOf(scope, seq, wanted), imageOf(scope, seq, held), { seat, copy: 'disk' });
  });
}

/** The same values: their order follows from them. */
function isAlike(wanted: ImagedEntity[], held: ImagedEntity[]): boolean {
  if (wanted.length !== held.length) return false;
  const values = new Map(wanted.map(({ type, id, value }) => [`${type} ${id}`, value]));
  return held.every(({ type, id, value }) => isSame(values.get(`${type} ${id}`), value));
}

function replay(entities: ImagedEntity[], rows: LogRow[]): ImagedEntity[] {
  const held = new Map(entities.map((entity) => [`${entity.type} ${entity.id}`, entity]));
  for (const effect of rows.flatMap(({ effects }) => effects)) {
    const { type, id } = effect;
    const before = held.get(`${type} ${id}`)?.value as Record<string, unknown> | undefined;
    if (effect.op === 'put') held.set(`${type} ${id}`, { type, id, value: effect.value });
    else if (effect.op === 'del') held.delete(`${type} ${id}`);
    else if (before) held.set(`${type} ${id}`, { type, id, value: { ...before, ...effect.fields } });
  }
  return [...held.values()];
}
