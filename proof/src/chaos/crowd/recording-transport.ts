import type { Transport } from '@muster/client/types';
import type { ClientEventData, MutateAnswer, ScopeResult } from '@muster/protocol/client-events';
import type { Packet } from '@muster/protocol/change';
import type { RunChunk, ScopeGone } from '@muster/protocol/server-events';
import type { Recorder } from './recorder.ts';

type RunDecide = ClientEventData<'run:decide'>;

export interface WireListener {
  recorder: Recorder;
  seat: string;
  /** The server's beat was heard. */
  beat(): void;
  /** For planted faults: what comes may be changed before the client sees it. The history has what the server sent. */
  tamper?: ((event: string, data: unknown) => unknown) | undefined;
}

interface Mutation {
  mid: number;
  nonce: string;
  name: string;
}

/** Notes what passes on the wire, where no mistake of the client can hide it. */
export const recordingTransport = (transport: Transport, wire: WireListener): Transport => ({
  connect(url, auth, events) {
    const connection = transport.connect(url, auth, {
      ...events,
      received(event, data) {
        heard(wire, event, data);
        events.received(event, wire.tamper ? wire.tamper(event, data) : data);
      },
    });
    return {
      close: () => connection.close(),
      send(event, data, answer) {
        connection.send(event, data, (ack) => {
          answered(wire, auth.clientId, event, data, ack);
          answer(ack);
        });
      },
    };
  },
});

function heard(wire: WireListener, event: string, data: unknown): void {
  const { recorder, seat } = wire;
  const at = Date.now();
  if (event === 'scope:heads') return wire.beat();
  if (event === 'scope:changes') return noteChanges(wire, data as Packet);
  if (event === 'scope:gone') return recorder.note({ k: 'gone', seat, at, scope: (data as ScopeGone).scope });
  if (event !== 'run:chunk') return;
  const { runId, attempt, itemId, offset } = data as RunChunk;
  recorder.note({ k: 'chunk', seat, at, runId, attempt, itemId, offset });
}

function answered(wire: WireListener, clientId: string, event: string, asked: unknown, ack: unknown): void {
  const { ok, data } = (ack ?? {}) as { ok?: boolean; data?: unknown };
  if (ok !== true) return;
  if (event === 'scope:open')
    for (const result of (data as { results: ScopeResult[] }).results) noteResult(wire, result);
  if (event === 'scope:pull') noteResult(wire, data as ScopeResult);
  if (event === 'run:decide') {
    const { runId, callId, approve: isApproved } = asked as RunDecide;
    const { status } = data as { status: string };
    wire.recorder.note({ k: 'decided', seat: wire.seat, at: Date.now(), runId, callId, isApproved, status });
  }
  if (event !== 'mutate') return;
  const { mid, nonce, name } = asked as Mutation;
  const answer = data as MutateAnswer;
  const first = answer.status === 'duplicate' ? answer.first : answer;
  if (first.status === 'out_of_order') return;
  const seqs = first.status === 'applied' ? first.seqs : null;
  wire.recorder.note({ k: 'answer', seat: wire.seat, at: Date.now(), clientId, mid, nonce, name, seqs });
}

function noteResult(wire: WireListener, result: ScopeResult): void {
  if (result.kind === 'changes') return noteChanges(wire, result);
  if (result.kind !== 'snapshot') return;
  const { scope, seq, aclEpoch } = result;
  wire.recorder.note({ k: 'snapshot', seat: wire.seat, at: Date.now(), scope, seq, aclEpoch });
}

function noteChanges({ recorder, seat }: WireListener, { scope, changes }: Pick<Packet, 'scope' | 'changes'>): void {
  if (changes.length === 0) return;
  recorder.note({
    ...{ k: 'changes', seat, at: Date.now(), scope },
    changes: changes.map(({ seq, txnId }) => [seq, txnId] as [number, string]),
  });
}
