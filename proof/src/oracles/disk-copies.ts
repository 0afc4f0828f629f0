import { byScope, type LogRow } from './log.ts';
import { compareImages, imageOf, type ImagedEntity } from './scope-image.ts';
import type { Violation } from './violation.ts';

/** What a disk held of a scope at some moment, under the number that it gave. */
export interface DiskCopy {
  seat: string;
  scope: string;
  seq: number;
  entities: ImagedEntity[];
}

/** P2: a disk's numbers and values belong together at every moment, since any tab may die at any moment. */
export function checkDiskCopies(log: LogRow[], copies: DiskCopy[]): Violation[] {
  const rows = byScope(log);
  return copies.flatMap(({ seat, scope, seq, entities }) => {
    const held = new Map<string, ImagedEntity>();
    for (const { effects } of (rows.get(scope) ?? []).filter((row) => row.seq <= seq)) {
      for (const effect of effects) {
        const { type, id } = effect;
        const before = held.get(`${type} ${id}`)?.value as Record<string, unknown> | undefined;
        if (effect.op === 'put') held.set(`${type} ${id}`, { type, id, value: effect.value });
        else if (effect.op === 'del') held.delete(`${type} ${id}`);
        else if (before) held.set(`${type} ${id}`, { type, id, value: { ...before, ...effect.fields } });
      }
    }
    return compareImages(imageOf(scope, seq, [...held.values()]), imageOf(scope, seq, entities), {
      seat,
      copy: 'disk',
    });
  });
}
