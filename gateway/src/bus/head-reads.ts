import type { FeedRepository, ScopeHead } from '@muster/db/repositories/feed-types';
import type { ScopeId } from '@muster/protocol/id';

const SCOPES_PER_READ = 500;

interface Asked {
  scopes: readonly ScopeId[];
  resolve(heads: Map<ScopeId, ScopeHead>): void;
  reject(fault: unknown): void;
}

/**
 * Heads of new entries. One query at a time: who asks meanwhile is asked for together by the next, so that a storm of
 * newcomers with a list each costs a few queries.
 */
export class HeadReads {
  readonly #feed: Pick<FeedRepository, 'readPositions'>;
  #asked: Asked[] = [];
  #isReading = false;

  constructor(feed: Pick<FeedRepository, 'readPositions'>) {
    this.#feed = feed;
  }

  /** As they stand at some moment after this call. @throws whatever the feed throws */
  read(scopes: readonly ScopeId[]): Promise<Map<ScopeId, ScopeHead>> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ scopes, resolve, reject });
      if (!this.#isReading) void this.#readAll();
    });
  }

  async #readAll(): Promise<void> {
    this.#isReading = true;
    while (this.#asked.length > 0) {
      const together = this.#takeSome();
      try {
        const { heads } = await this.#feed.readPositions([...new Set(together.flatMap(({ scopes }) => scopes))], []);
        for (const { resolve } of together) resolve(heads);
      } catch (fault) {
        for (const { reject } of together) reject(fault);
      }
    }
    this.#isReading = false;
  }

  #takeSome(): Asked[] {
    let count = 0;
    let asks = 0;
    for (const { scopes } of this.#asked) {
      count += scopes.length;
      if (asks > 0 && count > SCOPES_PER_READ) break;
      asks += 1;
    }
    return this.#asked.splice(0, asks);
  }
}
