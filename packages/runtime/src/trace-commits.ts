import type { Tracing } from './tracing.ts';

/** A change is published by whoever committed its batch, long after its own caller's turn: what it belongs to is kept so long. */
const MOST_KEPT = 2_000;

interface Submitted {
  commands: readonly { name: string }[];
  client?: { clientId: string; mid: number };
  run?: { runId: string };
}
interface Published {
  scope: string;
  changes: readonly { clientId?: string | undefined; mid?: number | undefined; runId?: string | undefined }[];
}
type Committing = ((submission: never) => Promise<unknown>) & { close(): Promise<void> };

export interface CommitTraces {
  /** The same commit, each submission within a span; what follows from it is found by {@link publish}. */
  trace<C extends Committing>(commit: C): C;
  /** Sends a packet, with where it came from written beside it. */
  publish(packet: Published, send: (json: string) => Promise<unknown>): Promise<unknown>;
}

const keyOf = ({ clientId, mid, runId }: { clientId?: string; mid?: number; runId?: string }): string | undefined =>
  clientId !== undefined && mid !== undefined ? `${clientId} ${mid}` : runId;

/** Holds commits and the packets that follow from them together. `nameOf` keeps names that clients made up out. */
export function createCommitTraces(tracing: Tracing, nameOf: (command: string) => string): CommitTraces {
  const kept = new Map<string, string>();

  function keep(key: string, carry: string): void {
    kept.delete(key);
    kept.set(key, carry);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value as string);
  }

  return {
    trace<C extends Committing>(commit: C): C {
      if (!tracing.isOn) return commit;
      const traced = (submission: Submitted) => {
        const attributes = { 'muster.commands': submission.commands.map(({ name }) => nameOf(name)).join(' ') };
        return tracing.span('commit', { attributes }, () => {
          const carry = tracing.carry();
          const key = keyOf({ ...submission.client, ...submission.run });
          if (carry !== undefined && key !== undefined) keep(key, carry);
          return commit(submission as never);
        });
      };
      return Object.assign(traced, { close: () => commit.close() }) as unknown as C;
    },
    publish(packet, send) {
      if (!tracing.isOn) return send(JSON.stringify(packet));
      const parent = packet.changes.map((change) => kept.get(keyOf(change as never) ?? '')).find(Boolean);
      if (parent === undefined) return send(JSON.stringify(packet));
      const attributes = { 'messaging.system': 'redis', 'muster.scope': packet.scope };
      return tracing.span('publish', { kind: 'producer', parent, attributes }, () =>
        send(JSON.stringify({ ...packet, trace: tracing.carry() })),
      );
    },
  };
}
