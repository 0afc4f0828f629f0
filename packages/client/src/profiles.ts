import { profile, type Profile, type Profiles } from '@muster/protocol/principal';
import * as z from 'zod/mini';
import type { Emitter } from './emitter.ts';
import { isSame } from './ref.ts';
import type { StorageWriter } from './storage-writer.ts';

/** Names and faces. They are in no log: the last word that came is what stands. */
export class ProfileBook {
  readonly #byId = new Map<string, Profile>();
  readonly #emitter: Emitter;
  readonly #writer: StorageWriter;

  constructor(emitter: Emitter, writer: StorageWriter) {
    this.#emitter = emitter;
    this.#writer = writer;
  }

  get(id: string): Profile | undefined {
    return this.#byId.get(id);
  }

  hydrate(profiles: Profiles): void {
    for (const [id, known] of Object.entries(profiles)) this.#byId.set(id, known);
    if (Object.keys(profiles).length > 0) this.#emitter.emit('profiles', Object.keys(profiles));
  }

  learn(profiles: Record<string, unknown>): void {
    const news: Profiles = {};
    for (const [id, told] of Object.entries(profiles)) {
      const was = this.#byId.get(id);
      const parsed = z.safeParse(profile, { kind: was?.kind ?? 'person', ...(told as object) });
      if (!parsed.success || isSame(parsed.data, was)) continue;
      news[id] = parsed.data;
      this.#byId.set(id, parsed.data);
    }
    if (Object.keys(news).length === 0) return;
    this.#writer.later((storage) => storage.putProfiles(news));
    this.#emitter.emit('profiles', Object.keys(news));
  }

  /** The disk has lost them. */
  storeAgain(): void {
    this.#writer.later((storage) => storage.putProfiles(Object.fromEntries(this.#byId)));
  }

  clear(): void {
    this.#byId.clear();
  }
}
