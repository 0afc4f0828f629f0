/** What of the wire (docs/protocol.md) a load test reads. */
export interface Effect {
  op: 'put' | 'patch' | 'del';
  type: string;
  id: string;
  value?: Record<string, unknown>;
  fields?: Record<string, unknown>;
}

export interface Change {
  seq: number;
  effects: Effect[];
}

export interface Packet {
  scope: string;
  from: number;
  to: number;
  changes: Change[];
  logEpoch: string;
}

export interface WireEntity {
  type: string;
  id: string;
  value: Record<string, unknown>;
}

export type ScopeResult =
  | { scope: string; kind: 'snapshot'; seq: number; logEpoch: string; entities: WireEntity[]; next?: string }
  | { scope: string; kind: 'changes'; from: number; to: number; changes: Change[]; logEpoch: string }
  | { scope: string; kind: 'later' }
  | { scope: string; kind: 'error'; error: { code: string; message: string } };

export interface Position {
  seq: number;
  logEpoch: string;
}

export interface Chunk {
  runId: string;
  attempt: number;
  itemId: string;
  offset: number;
  text: string;
}

export interface RunItem {
  id: string;
  n: number;
  kind: string;
  body: { messageId?: string };
  state: 'open' | 'done' | 'failed';
}

export interface RunAnswer {
  status: string;
  attempt: number;
  items: RunItem[];
  current: { itemId: string; offset: number; text: string } | null;
}

export interface RunStatus {
  runId: string;
  status: string;
  attempt: number;
  rewind?: { itemId: string; offset: number };
}

export const isEnded = (status: string): boolean => ['completed', 'failed', 'stopped'].includes(status);
