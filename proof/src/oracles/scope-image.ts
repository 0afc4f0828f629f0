import { byPlace } from '@muster/domain/ordering';
import { violation, type PromiseName, type Violation } from './violation.ts';

/** What somebody holds of a scope: `type id` → value as canonical text, and the tasks in the order that they are shown. */
export interface ScopeImage {
  scope: string;
  seq: number;
  values: Record<string, string>;
  order: string[];
}

export interface ImagedEntity {
  type: string;
  id: string;
  value: unknown;
}

/** @param order the order in which tasks are shown; left out: by place */
export function imageOf(scope: string, seq: number, entities: ImagedEntity[], order?: string[]): ScopeImage {
  const values: Record<string, string> = {};
  for (const { type, id, value } of entities) values[`${type} ${id}`] = canonical(value);
  return { scope, seq, values, order: order ?? placed(entities) };
}

/** The ids of ordered things by their place, the same for all who hold the same. */
export const placed = (entities: ImagedEntity[]): string[] =>
  entities
    .filter(({ type }) => type === 'task' || type === 'membership')
    .map(({ id, value }) => ({ id, pos: String((value as { pos?: unknown }).pos) }))
    .sort(byPlace)
    .map(({ id }) => id);

/** The same text for the same value, whatever the order of its keys; undefined counts as absent. */
export function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined);
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join()}}`;
}

/**
 * How one image differs from another: what is missing, too much or different in one report, the order in a second one,
 * and only where both hold the same things.
 */
export function compareImages(
  wanted: ScopeImage,
  held: ScopeImage,
  objects: Record<string, unknown>,
  promise: PromiseName = 'P2 equal at rest',
): Violation[] {
  const found: Violation[] = [];
  const { scope } = wanted;
  const keys = new Set([...Object.keys(wanted.values), ...Object.keys(held.values)]);
  const wrong = [...keys].filter((key) => wanted.values[key] !== held.values[key]);
  if (wrong.length > 0) {
    const words = wrong.slice(0, 3).map((key) => {
      if (wanted.values[key] === undefined) return `${key} is too much`;
      if (held.values[key] === undefined) return `${key} is missing`;
      return `${key} is ${held.values[key]}, and should be ${wanted.values[key]}`;
    });
    const more = wrong.length > words.length ? `, and ${wrong.length - words.length} more` : '';
    found.push(violation(promise, words.join('; ') + more, { ...objects, scope, seq: held.seq, entities: wrong }));
  } else if (wanted.order.join() !== held.order.join()) {
    const at = wanted.order.findIndex((id, index) => held.order[index] !== id);
    found.push(
      violation('P2 order of tasks', `place ${at} holds ${held.order[at]}, and should hold ${wanted.order[at]}`, {
        ...objects,
        scope,
        seq: held.seq,
      }),
    );
  }
  return found;
}
