import type { FeedRepository } from '@muster/db/repositories/feed-types';
import type { Logger } from '@muster/runtime/logger';
import type { BusMetrics } from './bus-metrics.ts';
import type { AclGroup } from './entry.ts';
import type { EntryTable } from './entry-table.ts';

const RETRY_MS = 50;
/** Reads that answer below the epoch that was announced before the announcement counts as false. */
const READS_BELOW = 20;

/**
 * The epoch fence: rights changed, so nothing newer leaves before those who lost theirs are out of the rooms. Members
 * and epoch are read in one statement; whoever is in a room when that read returns and is no member goes, from the acl's
 * own scope and from every scope that depends on it; only then does the group have the epoch that was read.
 */
export class Fence {
  readonly #feed: Pick<FeedRepository, 'readMembers'>;
  readonly #table: EntryTable;
  readonly #metrics: BusMetrics;
  readonly #logger: Logger;

  constructor(ports: {
    feed: Pick<FeedRepository, 'readMembers'>;
    table: EntryTable;
    metrics: BusMetrics;
    logger: Logger;
  }) {
    this.#feed = ports.feed;
    this.#table = ports.table;
    this.#metrics = ports.metrics;
    this.#logger = ports.logger;
  }

  /**
   * Settles once the group has at least this epoch. While the read fails it waits, and so does what it stands before.
   *
   * @returns false where there is nothing left to emit to, or the epoch proved to be none that the acl ever had
   */
  raise(group: AclGroup, epoch: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      group.fences.run(() => this.#raise(group, epoch).then(resolve, reject));
    });
  }

  async #raise(group: AclGroup, epoch: number): Promise<boolean> {
    let below = 0;
    while (group.entries.size > 0) {
      if (group.epoch >= epoch) return true;
      const read = await this.#read(group);
      if (read === 'failed') {
        await delay(RETRY_MS);
        continue;
      }
      // From here to the return there is no await: nobody joins in between.
      this.#evict(group, read);
      if (read === undefined) return false;
      group.epoch = Math.max(group.epoch, read.aclEpoch);
      if (group.epoch >= epoch) return true;
      below += 1;
      if (below >= READS_BELOW) {
        this.#logger.error(
          { acl: group.acl, epoch, stored: read.aclEpoch },
          'an epoch was announced that is not stored',
        );
        return false;
      }
      await delay(RETRY_MS);
    }
    return false;
  }

  async #read(group: AclGroup) {
    try {
      return await this.#feed.readMembers(group.acl);
    } catch (err) {
      this.#metrics.fenceFailures.inc();
      this.#logger.warn({ err, acl: group.acl }, 'members cannot be read: nothing is emitted until they can');
      return 'failed' as const;
    }
  }

  #evict(group: AclGroup, read: Awaited<ReturnType<FeedRepository['readMembers']>>): void {
    const reason = read === undefined ? 'deleted' : (read.gone ?? 'removed');
    for (const entry of [...group.entries]) {
      for (const watcher of [...entry.watchers]) {
        if (read !== undefined && read.gone === null && read.members.has(watcher.userId)) continue;
        this.#metrics.evictions.inc();
        this.#table.evict(entry, watcher, reason, entry.scope === group.acl ? (read?.goneTo ?? null) : null);
      }
    }
  }
}

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
