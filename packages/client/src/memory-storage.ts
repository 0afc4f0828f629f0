import type { Profiles } from '@muster/protocol/principal';
import { v4 } from 'uuid';
import { createProcessTabs } from './process-tabs.ts';
import { refKey, type Content } from './ref.ts';
import {
  compareFormer,
  emptied,
  hasGoneBack,
  heldUnder,
  isOfferable,
  isOfScope,
  isSpare,
  lostAs,
  sparesOf,
  toFormer,
  type Acknowledged,
} from './acknowledged.ts';
import type {
  FormerMutation,
  PendingMutation,
  StoragePort,
  StoredEntity,
  StoredScope,
  TabsPort,
  Waiting,
} from './types.ts';

interface Profile {
  clientId: string;
  userId: string | null;
  nextMid: number;
  scopes: Map<string, { head: StoredScope; entities: Map<string, StoredEntity> }>;
  pending: Map<number, PendingMutation>;
  acknowledged: Map<number, Acknowledged>;
  former: FormerMutation[];
  profiles: Profiles;
}

/** What several storages in one process may share, as the tabs of one browser do. */
export interface MemoryDisk {
  readonly tabs: TabsPort;
  readonly profiles: Set<Profile>;
  current: Profile | undefined;
}

export const createMemoryDisk = (): MemoryDisk => ({
  tabs: createProcessTabs(),
  profiles: new Set(),
  current: undefined,
});

const createProfile = (userId: string | null): Profile => ({
  clientId: v4(),
  userId,
  nextMid: 1,
  scopes: new Map(),
  pending: new Map(),
  acknowledged: new Map(),
  former: [],
  profiles: {},
});

const listOf = ({ pending }: Profile): PendingMutation[] =>
  [...pending.values()].sort((a, b) => a.mid - b.mid).map((waiting) => ({ ...waiting }));

function toContent(entities: Iterable<StoredEntity>): Content {
  const content: Content = new Map();
  for (const { type, id, value } of entities) content.set(type, (content.get(type) ?? new Map()).set(id, value));
  return content;
}

/** Keeps everything in memory: for scripts, bots and tests. The twin of IndexedDB's, held to the same tests. */
export function createMemoryStorage(disk: MemoryDisk = createMemoryDisk()): StoragePort {
  let pinned: Profile | undefined;

  function own(): Profile {
    if (pinned && disk.profiles.has(pinned)) return pinned;
    pinned = disk.current ??= createProfile(null);
    disk.profiles.add(pinned);
    return pinned;
  }

  function switchTo(userId: string | null): void {
    const from = own();
    const known = userId === null ? undefined : [...disk.profiles].find((profile) => profile.userId === userId);
    const to = known ?? createProfile(userId);
    disk.profiles.add(to);
    pinned = disk.current = to;
    if (from.userId !== null || from === to) return;
    disk.profiles.delete(from);
    for (const waiting of listOf(from)) {
      to.pending.set(to.nextMid, { ...waiting, mid: to.nextMid });
      to.nextMid += 1;
    }
  }

  function find({ mid, nonce }: Waiting): PendingMutation | undefined {
    const waiting = own().pending.get(mid);
    return waiting?.nonce === nonce ? waiting : undefined;
  }

  const listPending = () => listOf(own());

  return {
    tabs: disk.tabs,
    async identity() {
      const { clientId, userId, nextMid } = own();
      return { clientId, userId, nextMid };
    },
    async setUser(userId) {
      const profile = own();
      if ([...disk.profiles].some((other) => other !== profile && other.userId === userId)) return false;
      profile.userId = userId;
      return true;
    },
    async renew(from, to, at) {
      const profile = own();
      if (profile.clientId !== from) return false;
      const isNew = ({ seqs, isOfferedAgain }: PendingMutation) => seqs === null && !isOfferedAgain;
      const [queue, answered] = [listPending().filter(isNew), listPending().filter((waiting) => !isNew(waiting))];
      profile.former.push(
        ...[...profile.acknowledged.values()].flatMap(({ logEpoch, at: then, ...row }) =>
          toFormer(row, from, { logEpoch, at: then }),
        ),
        ...answered.flatMap((waiting) => toFormer(waiting, from, { logEpoch: '', at })),
      );
      profile.clientId = to;
      profile.nextMid = queue.length + 1;
      profile.pending = new Map(queue.map((waiting, at) => [at + 1, { ...waiting, mid: at + 1 }]));
      profile.acknowledged.clear();
      return true;
    },
    async load() {
      const scopes = [...own().scopes.values()];
      return {
        scopes: scopes.map(({ head }) => ({ ...head })),
        content: new Map(scopes.map(({ head, entities }) => [head.scope, toContent(entities.values())])),
        pending: listPending(),
        torn: [],
        profiles: { ...own().profiles },
        hasFormer: own().former.length > 0,
      };
    },
    async replaceScope(head, entities) {
      const byKey = new Map(entities.map((entity) => [refKey({ ...entity, scope: head.scope }), entity]));
      own().scopes.set(head.scope, { head: { ...head }, entities: byKey });
    },
    async applyPacket(scope, logEpoch, from, to, aclEpoch, puts, dels) {
      const held = own().scopes.get(scope);
      if (!held || held.head.logEpoch !== logEpoch) return false;
      if (held.head.seq + 1 < from || held.head.seq + 1 > to) return false;
      for (const entity of puts) held.entities.set(refKey({ ...entity, scope }), entity);
      for (const { type, id } of dels) held.entities.delete(refKey({ scope, type, id }));
      held.head.seq = to;
      held.head.aclEpoch = aclEpoch;
      return true;
    },
    async dropScope(scope) {
      const profile = own();
      const { scopes, acknowledged } = profile;
      scopes.delete(scope);
      profile.former = profile.former.filter((row) => !isOfScope(row, scope));
      for (const row of acknowledged.values()) if (isOfScope(row, scope)) acknowledged.set(row.mid, emptied(row));
    },
    async evict(scopes) {
      for (const scope of scopes) own().scopes.delete(scope);
    },
    async enqueue(mutation, from = 1) {
      const profile = own();
      const waiting = { ...mutation, mid: Math.max(profile.nextMid, from) };
      profile.nextMid = waiting.mid + 1;
      profile.pending.set(waiting.mid, waiting);
      return { ...waiting };
    },
    async keep(mutations) {
      const profile = own();
      const kept = new Set<string>();
      for (const mutation of mutations) {
        const there = profile.pending.get(mutation.mid);
        if (!there) profile.pending.set(mutation.mid, { ...mutation });
        if (!there || there.nonce === mutation.nonce) kept.add(mutation.nonce);
        profile.nextMid = Math.max(profile.nextMid, mutation.mid + 1);
      }
      return kept;
    },
    async settle(which, seqs) {
      const waiting = find(which);
      if (waiting) waiting.seqs = seqs;
    },
    async retire(done, { logEpoch, at }) {
      const { pending, acknowledged } = own();
      for (const which of done) {
        const waiting = find(which);
        if (!waiting) continue;
        pending.delete(which.mid);
        const { isOfferedAgain: _again, ...was } = waiting;
        const row = { ...was, seqs: which.seqs, logEpoch, at };
        acknowledged.set(which.mid, which.seqs === null ? emptied(row) : row);
      }
      for (const row of [...acknowledged.values()].sort((a, b) => a.mid - b.mid)) {
        if (isSpare(row, acknowledged.size, at)) acknowledged.delete(row.mid);
        else break;
      }
    },
    async offerAgain(logEpoch, now, from = Infinity) {
      const { pending, acknowledged } = own();
      const answered = [...pending.values()].filter(({ seqs }) => seqs !== null);
      const isAll = hasGoneBack([...answered, ...acknowledged.values()], from);
      if (isAll) for (const row of answered) Object.assign(row, { seqs: null, isOfferedAgain: true });
      for (const row of [...acknowledged.values()]) {
        if (!isAll && row.logEpoch === logEpoch) continue;
        acknowledged.delete(row.mid);
        const { logEpoch: _log, at: _at, ...mutation } = row;
        if (isOfferable(row, now)) pending.set(row.mid, { ...mutation, seqs: null, isOfferedAgain: true });
      }
      return listPending();
    },
    async former(logEpoch, now) {
      const asked = own().former.filter((row) => row.logEpoch !== logEpoch && isOfferable(row, now));
      return asked.sort(compareFormer).map((row) => ({ ...row }));
    },
    async settleFormer(held, lost, to, under) {
      const profile = own();
      const take = (one: FormerMutation) => {
        const at = profile.former.findIndex(({ clientId, mid }) => clientId === one.clientId && mid === one.mid);
        return at === -1 ? [] : profile.former.splice(at, 1);
      };
      const after = held.filter((row) => take(row).length > 0).map((row) => heldUnder(row, under));
      const again = lost.filter((row) => take(row).length > 0).map((row, at) => lostAs(row, to, at + 1));
      profile.former.push(...after, ...again);
      const spare = new Set(sparesOf(profile.former, under.at));
      profile.former = profile.former.filter((row) => row.isLost || !spare.has(row));
    },
    async pending() {
      return listPending();
    },
    async voidOut(given) {
      for (const which of given) {
        const waiting = find(which);
        if (waiting) own().pending.set(which.mid, emptied(waiting));
      }
    },
    async putProfiles(profiles) {
      Object.assign(own().profiles, structuredClone(profiles));
    },
    async switchTo(userId) {
      switchTo(userId);
    },
    async wipe() {
      const profile = own();
      disk.profiles.delete(profile);
      if (disk.current === profile) disk.current = undefined;
      pinned = undefined;
    },
    persist: async () => true,
    estimate: async () => null,
    async close() {},
  };
}
