import type { Change } from '@muster/protocol/change';
import { runItemId } from '@muster/protocol/id';
import type { BrokenCondition, Condition } from '@muster/protocol/condition';
import type { MusterError, WireError } from '@muster/protocol/error';
import type { ChangeActor } from '@muster/protocol/principal';
import type { Edit } from './edits.ts';
import { changedFields } from './value-fields.ts';

const KEPT = 10_000;
const WHOLE = '*';

/** Who last wrote which field, of the changes that came by while this page was open: so that a refusal can say whose. */
export class Authors {
  readonly #last = new Map<string, { by: ChangeActor; nth: number }>();
  #nth = 0;

  /** A stored change, of anyone. */
  note({ actor, effects }: Pick<Change, 'actor' | 'effects'>): void {
    for (const effect of effects) {
      const fields = effect.op === 'patch' ? Object.keys(effect.fields) : [WHOLE];
      for (const field of fields) this.#set(effect.type, effect.id, field, actor);
    }
  }

  /** An own edit that waits. */
  noteOwn(edits: readonly Edit[], userId: string): void {
    for (const { type, id, before, after } of edits) {
      const fields = before && after ? changedFields(before, after) : [WHOLE];
      for (const field of fields) this.#set(type, id, field, { id: userId, kind: 'person' });
    }
  }

  of({ type, id, field }: Pick<BrokenCondition, 'type' | 'id' | 'field'>): ChangeActor | null {
    const [one, all] = [field ?? WHOLE, WHOLE].map((name) => this.#last.get(`${type} ${id} ${name}`));
    return ((one?.nth ?? 0) > (all?.nth ?? 0) ? one : all)?.by ?? null;
  }

  /** Whose change broke a condition. */
  ofConflict({ details }: MusterError, ifStill: readonly Condition[]): BrokenCondition['by'] {
    const conflict = details?.conflict;
    if (!conflict || conflict.by) return conflict?.by ?? null;
    if (conflict.field !== 'children') return this.of(conflict);
    if (conflict.type === 'thread') {
      // Where nobody else did, the agent wrote in it: what it answers with begins with its run's first item.
      const runs = ifStill.flatMap(({ children = [] }) => children);
      const items = runs.map((id) => this.of({ type: 'run_item', id: runItemId(id, 0), field: null }));
      return items.find((by) => by !== null) ?? null;
    }
    // Whoever made the sub-task that came; one that left tells nothing of who took it.
    const known = new Set(ifStill.flatMap(({ children = [] }) => children));
    const came = (conflict.value as string[]).find((id) => !known.has(id));
    return came === undefined ? null : this.of({ type: 'task', id: came, field: null });
  }

  /** A rejection with the name of whoever it is about. */
  refusalOf(error: MusterError, ifStill: readonly Condition[]): WireError {
    const wire = error.toWire();
    const conflict = error.details?.conflict;
    if (!conflict) return wire;
    return { ...wire, details: { ...error.details, conflict: { ...conflict, by: this.ofConflict(error, ifStill) } } };
  }

  #set(type: string, id: string, field: string, by: ChangeActor): void {
    const key = `${type} ${id} ${field}`;
    this.#last.delete(key);
    this.#last.set(key, { by, nth: (this.#nth += 1) });
    const oldest = this.#last.size > KEPT ? this.#last.keys().next().value : undefined;
    if (oldest !== undefined) this.#last.delete(oldest);
  }
}
