import type { Change, Packet } from '@muster/protocol/change';

/** A packet above about this size is split by seq. */
const PACKET_BYTES = 262_144;

/**
 * Reads a packet from Redis. Only the envelope is checked: what is inside goes on verbatim, since a newer process may
 * have written effects that this one does not know, and clients decide about those.
 *
 * @returns undefined for what is no packet; with `trace`, where it is traced, which is not the clients' affair
 */
export function parsePacket(json: string): (Packet & { trace?: string }) | undefined {
  let packet: Partial<Packet> | null;
  try {
    packet = JSON.parse(json) as Partial<Packet> | null;
  } catch {
    return undefined;
  }
  if (typeof packet !== 'object' || packet === null) return undefined;
  const { scope, from, to, changes, aclEpoch, logEpoch } = packet;
  const isSound =
    typeof scope === 'string' &&
    typeof logEpoch === 'string' &&
    Number.isSafeInteger(from) &&
    Number.isSafeInteger(to) &&
    Number.isSafeInteger(aclEpoch) &&
    Array.isArray(changes) &&
    changes.length === to! - from! + 1 &&
    changes.every((change, index) => change?.seq === from! + index);
  return isSound ? (packet as Packet) : undefined;
}

/** What a value takes on the wire, roughly and cheaply: good enough for deciding where to cut. */
export function estimateBytes(value: unknown): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 6;
  let bytes = 2;
  if (Array.isArray(value)) {
    for (const item of value) bytes += estimateBytes(item) + 1;
    return bytes;
  }
  for (const key in value) bytes += key.length + 4 + estimateBytes((value as Record<string, unknown>)[key]);
  return bytes;
}

/** Cuts contiguous changes into runs of at most about `maxBytes` each; a single change is never cut. */
export function splitBySize(changes: Change[], maxBytes = PACKET_BYTES): Change[][] {
  const runs: Change[][] = [];
  let run: Change[] = [];
  let bytes = 0;
  for (const change of changes) {
    const size = estimateBytes(change);
    if (run.length > 0 && bytes + size > maxBytes) {
      runs.push(run);
      run = [];
      bytes = 0;
    }
    run.push(change);
    bytes += size;
  }
  if (run.length > 0) runs.push(run);
  return runs;
}
