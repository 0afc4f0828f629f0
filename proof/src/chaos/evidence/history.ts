/**
 * What a client did and heard, as it stands in its process's history: one JSON object a line, written as it happens, so
 * that a process that dies leaves what it knew.
 */
export type HistoryRecord =
  /** A client was born (again): its later records are of this person. */
  | { k: 'seat'; seat: string; userId: string }
  /** A mutation reached the disk. */
  | { k: 'kept'; seat: string; at: number; nonce: string; name: string }
  /** A mutation was given up, and the person was told. */
  | { k: 'refused'; seat: string; nonce: string; code: string }
  /** An answer on the wire. `seqs` null: refused in words. */
  | {
      k: 'answer';
      seat: string;
      at: number;
      clientId: string;
      mid: number;
      nonce: string;
      name: string;
      seqs: Record<string, number> | null;
    }
  /** Stored changes came, live or as an answer. */
  | { k: 'changes'; seat: string; at: number; scope: string; changes: [seq: number, txnId: string][] }
  | { k: 'snapshot'; seat: string; at: number; scope: string; seq: number; aclEpoch: number }
  | { k: 'gone'; seat: string; at: number; scope: string }
  | { k: 'chunk'; seat: string; at: number; runId: string; attempt: number; itemId: string; offset: number }
  /** A decision about what a run may not do unasked was answered. */
  | { k: 'decided'; seat: string; at: number; runId: string; callId: string; isApproved: boolean; status: string }
  /** The longest that was shown of an item's words in one attempt. */
  | {
      k: 'text';
      seat: string;
      runId: string;
      attempt: number;
      itemId: string;
      messageId: string;
      text: string;
      isGrowing: boolean;
    };
export type HistoryKind = HistoryRecord['k'];
export type HistoryOf<K extends HistoryKind> = Extract<HistoryRecord, { k: K }>;
