import type { ScopeRead } from '@muster/db/repositories/feed-types';
import type { Change } from '@muster/protocol/change';
import type { Position, ScopeResult } from '@muster/protocol/client-events';
import { MusterError } from '@muster/protocol/error';
import type { ScopeId } from '@muster/protocol/id';
import type { Entry } from './entry.ts';
import { estimateBytes } from './packets.ts';
import { peopleOfChanges, peopleOfEntities } from './profile-cache.ts';
import type { Ticket } from './tickets.ts';

export interface Want {
  scope: ScopeId;
  after?: Position | undefined;
}

/** One scope on its way through the gate. */
export interface Passage {
  want: Want;
  entry: Entry | undefined;
  ticket: Ticket;
  /** What the ring held when the read began, from the reader's position on. */
  prefix: Change[];
  state: 'unread' | 'read' | 'later' | 'failed';
  read?: ScopeRead | undefined;
}

export type OpenPage = Extract<ScopeRead, { kind: 'snapshot' }>['entities'];

export const notFound = () => new MusterError('not_found', 'There is nothing here, or it is not yours to see.');
export const moved = () => new MusterError('unavailable', 'This moves too fast to be read just now. Try again.');
export const unavailable = (cause: unknown) =>
  cause instanceof MusterError
    ? cause
    : Object.assign(new MusterError('unavailable', 'The database does not answer. Try again in a moment.'), { cause });

export const isOfAnotherLog = ({ entry, read, state }: Passage): boolean =>
  state === 'unread' && read !== undefined && entry !== undefined && read.logEpoch !== entry.logEpoch;

/** What the reader is answered. */
export function resultOf({ want: { scope, after }, state, read, prefix }: Passage): ScopeResult {
  if (state === 'later') return { scope, kind: 'later' };
  if (state !== 'read') return { scope, kind: 'error', error: moved().toWire() };
  if (read === undefined) return { scope, kind: 'error', error: notFound().toWire() };
  const { seq, aclEpoch, logEpoch } = read;
  if (read.kind === 'snapshot') {
    const { entities, next } = read;
    return { scope, kind: 'snapshot', seq, aclEpoch, logEpoch, entities, ...(next === undefined ? {} : { next }) };
  }
  const changes = prefix.length === 0 ? read.changes : [...prefix, ...read.changes];
  return { scope, kind: 'changes', from: after!.seq + 1, to: read.to, changes, aclEpoch, logEpoch };
}

/** The acl's epoch at a change that the answer holds: as the row says, or as the ring knows. */
export function epochOf({ entry, read }: Passage, seq: number): number {
  const fromRow = read?.kind === 'changes' ? read.epochs[seq - read.from] : undefined;
  return fromRow ?? entry!.epochs.at(seq);
}

/** About how much the answer takes on the wire. */
export function sizeOf({ read, prefix }: Passage): number {
  if (read === undefined) return 200;
  return 200 + estimateBytes(read.kind === 'snapshot' ? read.entities : read.changes) + estimateBytes(prefix);
}

/** Whose faces the answers need. */
export function peopleOf(passages: Passage[]): Set<string> {
  const people = new Set<string>();
  for (const { state, read, prefix } of passages) {
    if (state !== 'read' || read === undefined) continue;
    if (read.kind === 'snapshot') peopleOfEntities(read.entities, people);
    else peopleOfChanges(read.changes, peopleOfChanges(prefix, people));
  }
  return people;
}
