import type { LogRow } from '../oracles/log.ts';
import type { PromiseName } from '../oracles/violation.ts';
import type { Evidence } from './evidence/evidence.ts';
import type { HistoryKind, HistoryOf, HistoryRecord } from './evidence/history.ts';
import { History } from './evidence/read-history.ts';
import { wordKey } from './evidence/read-streams.ts';

/** A fault put into what a round recorded, and the promise that it must be found to break. */
export interface Planted {
  name: string;
  breaks: PromiseName;
  /** @throws where the round had nothing to plant it in */
  plant(evidence: Evidence): Evidence;
}

const clone = <T>(value: T): T => structuredClone(value);

function the<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new Error(`the round had no ${what} to plant a fault in`);
  return found;
}

const KINDS: HistoryKind[] = [
  'seat',
  'kept',
  'refused',
  'answer',
  'changes',
  'snapshot',
  'gone',
  'chunk',
  'decided',
  'text',
];

/** The same history with one record more, or one in the place of another. */
function withRecord(history: History, record: HistoryRecord, instead?: HistoryRecord): History {
  const copy = new History();
  for (const kind of KINDS) for (const one of history.of(kind)) if (one !== instead) copy.add(one);
  copy.add(record);
  return copy;
}

/** The log with a row at the end of its scope. */
function withRow(evidence: Evidence, row: LogRow): Evidence {
  const head =
    the(
      evidence.scopes.find(({ scope }) => scope === row.scope),
      'scope',
    ).head + 1;
  return {
    ...evidence,
    log: [...evidence.log, { ...row, seq: head }],
    scopes: evidence.scopes.map((scope) => (scope.scope === row.scope ? { ...scope, head } : scope)),
  };
}

const withoutRow = (evidence: Evidence, row: LogRow, by?: LogRow): Evidence => ({
  ...evidence,
  log: evidence.log.flatMap((one) => (one === row ? (by ? [by] : []) : [one])),
});

/** A change that its author was told of. */
function answered({ log, history }: Evidence): { row: LogRow; answer: HistoryOf<'answer'> } {
  const rows = new Map(log.map((row) => [row.nonce, row]));
  const answer = the(
    history.of('answer').find(({ nonce, seqs }) => seqs && Object.keys(seqs).length > 0 && rows.has(nonce)),
    'acknowledged change',
  );
  return { answer, row: rows.get(answer.nonce)! };
}

/** Somebody's removal from a list, and one of their tabs. */
function removal({ log, history }: Evidence) {
  const users = new Map(history.of('seat').map(({ seat, userId }) => [userId, seat]));
  for (const row of log) {
    const effect = row.scope.startsWith('list:')
      ? row.effects.find(({ op, type }) => op === 'del' && type === 'member')
      : undefined;
    const seat = effect && users.get(effect.id);
    if (seat !== undefined) return { row, seat };
  }
  return the<never>(undefined, 'removal');
}

/** A call's effect in a list, and a row of its conversation that says how somebody had answered. */
function toolDeed({ log }: Evidence) {
  const isDeed = ({ scope, runId, callId }: LogRow) => scope.startsWith('list:') && runId !== null && callId !== null;
  const deed = the(log.find(isDeed), "tool call's effect");
  const beside = the(
    log.find(({ scope, txnId }) => scope.startsWith('thread:') && txnId === deed.txnId),
    'result of a tool call',
  );
  const approval = (decision: 'approved' | 'declined', seq: number): LogRow => {
    const { runId, callId } = deed;
    const value = { runId, n: 0, kind: 'approval', callId, body: { decision, by: 'somebody' }, state: 'done' };
    return { ...beside, seq, txnId: `answer ${seq}`, effects: [{ op: 'put', type: 'run_item', id: 'asked', value }] };
  };
  return { deed, approval };
}

export const PLANTED: Planted[] = [
  {
    name: 'an acknowledged change is lost',
    breaks: 'P1 acknowledged',
    plant: (evidence) => withoutRow(evidence, answered(evidence).row),
  },
  {
    name: 'a mutation on a disk is forgotten',
    breaks: 'P1 acknowledged',
    plant: (evidence) => {
      const kept = the(evidence.history.of('kept')[0], 'mutation');
      return { ...evidence, history: withRecord(evidence.history, { ...kept, nonce: 'forgotten' }) };
    },
  },
  {
    name: 'a mutation is applied twice',
    breaks: 'P1 once',
    plant: (evidence) => withRow(evidence, { ...clone(answered(evidence).row), txnId: 'again' }),
  },
  {
    name: 'a number of a scope is skipped',
    breaks: 'P2 contiguous',
    plant: (evidence) => {
      const row = the(
        evidence.log.find(({ scope, seq }) => scope.startsWith('list:') && seq > 3),
        'longer log',
      );
      return withoutRow(evidence, row);
    },
  },
  {
    name: 'two clients hear different changes under one number',
    breaks: 'P2 same order',
    plant: (evidence) => {
      const heard = the(evidence.history.of('changes')[0], 'packet');
      const changes = heard.changes.map(([seq]) => [seq, 'another'] as [number, string]);
      return { ...evidence, history: withRecord(evidence.history, { ...heard, changes }, heard) };
    },
  },
  {
    name: 'an overwritten value is kept nowhere',
    breaks: 'P5 history',
    plant: (evidence) => {
      const isPatch = ({ scope, effects }: LogRow) => scope.startsWith('list:') && effects[0]?.op === 'patch';
      const row = the(evidence.log.find(isPatch), 'edit');
      return withoutRow(evidence, row, { ...row, prev: row.prev.map(() => ({})) });
    },
  },
  {
    name: 'the rows say something else than the log',
    breaks: 'P5 history',
    plant: (evidence) => {
      const [scope, image] = the(
        [...evidence.images].find(([, { order }]) => order.length > 0),
        'list with tasks',
      );
      const values = { ...image.values, [`task ${image.order[0]}`]: '{}' };
      return { ...evidence, images: new Map(evidence.images).set(scope, { ...image, values }) };
    },
  },
  {
    name: 'a removed member hears the next change',
    breaks: 'P4 removed',
    plant: (evidence) => {
      const { row, seat } = removal(evidence);
      const { scope, seq, at } = row;
      const leak: HistoryRecord = { k: 'changes', seat, at: at + 1, scope, changes: [[seq + 1, 'secret']] };
      return { ...evidence, history: withRecord(evidence.history, leak) };
    },
  },
  {
    name: 'a removed member goes on reading words of a run',
    breaks: 'P4 removed',
    plant: (evidence) => {
      const { row, seat } = removal(evidence);
      const run = the(
        evidence.runs.find(({ scope }) => evidence.scopes.find((one) => one.scope === scope)?.acl === row.scope),
        'run in a list that somebody was removed from',
      );
      const itemId = `${run.id}:0`;
      const words = new Map(evidence.words).set(wordKey(1, itemId, 5), row.aclEpoch);
      const leak: HistoryRecord = { k: 'chunk', seat, at: row.at + 1, runId: run.id, attempt: 1, itemId, offset: 5 };
      return { ...evidence, words, history: withRecord(evidence.history, leak) };
    },
  },
  {
    name: 'a viewer misses a letter',
    breaks: 'run texts',
    plant: (evidence) => {
      const stored = new Map(
        evidence.log.flatMap(({ effects }) =>
          effects.flatMap((effect) =>
            effect.op === 'put' && effect.type === 'message'
              ? [[effect.id, String(effect.value['text'])] as const]
              : [],
          ),
        ),
      );
      const reading = the(
        evidence.history
          .of('text')
          .findLast(({ messageId, text }) => text.length > 4 && stored.get(messageId)?.startsWith(text)),
        'text that was read as it came',
      );
      const text = reading.text.slice(0, 1) + reading.text.slice(2);
      return { ...evidence, history: withRecord(evidence.history, { ...reading, text }, reading) };
    },
  },
  {
    name: 'a tool call takes effect twice',
    breaks: 'tools once',
    plant: (evidence) => {
      const isCall = ({ scope, runId, callId }: LogRow) =>
        scope.startsWith('list:') && runId !== null && callId !== null;
      const row = the(evidence.log.find(isCall), "tool call's effect");
      return withRow(evidence, { ...clone(row), txnId: 'again' });
    },
  },
  {
    name: 'a call takes effect that somebody had declined',
    breaks: 'approvals',
    plant: (evidence) => {
      const { deed, approval } = toolDeed(evidence);
      return { ...evidence, log: [approval('declined', 0), ...evidence.log.filter((row) => row !== deed), deed] };
    },
  },
  {
    name: 'a second answer overrules the first',
    breaks: 'approvals',
    plant: (evidence) => {
      const { approval } = toolDeed(evidence);
      return { ...evidence, log: [approval('approved', 0), ...evidence.log, approval('declined', 1e6)] };
    },
  },
  {
    name: 'a run is left to itself',
    breaks: 'runs end',
    plant: (evidence) => {
      // One that has gone with its list is asked of nobody.
      const one = the(
        evidence.runs.find(({ isGone }) => isGone !== true),
        'run',
      );
      return { ...evidence, runs: evidence.runs.map((run) => (run === one ? { ...run, status: 'running' } : run)) };
    },
  },
  {
    name: 'a process says that nobody caught a fault',
    breaks: 'processes live',
    plant: (evidence) => {
      const [first, ...others] = evidence.processes;
      const line = '{"level":"fatal","fault":"unhandledRejection","msg":"nobody caught this"}';
      return { ...evidence, processes: [{ ...first!, log: `${first!.log}${line}\n` }, ...others] };
    },
  },
];
