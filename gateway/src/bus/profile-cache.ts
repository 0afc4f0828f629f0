import type { FeedRepository } from '@muster/db/repositories/feed-types';
import type { Change } from '@muster/protocol/change';
import type { WireEntity } from '@muster/protocol/entity';
import type { Profile, Profiles } from '@muster/protocol/principal';

const KEEP_MS = 60_000;
const KEEP_COUNT = 20_000;
/** A packet does not wait longer than this for its author's name. */
const WITHIN_MS = 250;

const PERSON_FIELDS = ['createdBy', 'authorId', 'askerId'] as const;

/** Names and pictures, kept for a minute, so that a packet rarely waits for one. */
export class ProfileCache {
  readonly #feed: Pick<FeedRepository, 'readProfiles'>;
  readonly #profiles = new Map<string, { profile: Profile | undefined; until: number }>();

  constructor(feed: Pick<FeedRepository, 'readProfiles'>) {
    this.#feed = feed;
  }

  /** Those of `ids` that are known without waiting. */
  peek(ids: Iterable<string>): Profiles {
    const found: Profiles = {};
    for (const id of ids) {
      const profile = this.#profiles.get(id)?.profile;
      if (profile !== undefined) found[id] = profile;
    }
    return found;
  }

  has(id: string): boolean {
    const held = this.#profiles.get(id);
    return held !== undefined && held.until > Date.now();
  }

  /** Reads what is missing. @throws whatever the feed throws */
  async load(ids: Iterable<string>): Promise<Profiles> {
    const wanted = [...new Set(ids)];
    const missing = wanted.filter((id) => !this.has(id));
    if (missing.length > 0) {
      const read = await this.#feed.readProfiles(missing);
      if (this.#profiles.size > KEEP_COUNT) this.#profiles.clear();
      for (const id of missing) this.#profiles.set(id, { profile: read[id], until: Date.now() + KEEP_MS });
    }
    return this.peek(wanted);
  }

  /** As {@link load}, but a failure or a slow read only means that names come later. */
  async tryLoad(ids: Iterable<string>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, WITHIN_MS)));
    await Promise.race([this.load(ids).catch(() => undefined), late]);
    clearTimeout(timer);
  }

  forget(id: string): void {
    this.#profiles.delete(id);
  }
}

/** Whose faces a reader of these changes needs. */
export function peopleOfChanges(changes: readonly Change[], into = new Set<string>()): Set<string> {
  for (const { actor, effects } of changes) {
    into.add(actor.id);
    if (actor.for !== undefined) into.add(actor.for);
    for (const effect of effects) {
      if (effect.op === 'del') continue;
      if (effect.type === 'member') into.add(effect.id);
      addPeopleOf(effect.op === 'put' ? effect.value : effect.fields, into);
    }
  }
  return into;
}

export function peopleOfEntities(entities: readonly WireEntity[], into = new Set<string>()): Set<string> {
  for (const { type, id, value } of entities) {
    if (type === 'member') into.add(id);
    addPeopleOf(value, into);
  }
  return into;
}

function addPeopleOf(value: Record<string, unknown> | undefined, into: Set<string>): void {
  if (value === undefined) return;
  for (const field of PERSON_FIELDS) {
    const id = value[field];
    if (typeof id === 'string') into.add(id);
  }
  const { assigneeIds } = value;
  if (Array.isArray(assigneeIds)) for (const id of assigneeIds) if (typeof id === 'string') into.add(id);
}
