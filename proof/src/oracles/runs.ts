import { byScope, type LogRow } from './log.ts';
import { canonical } from './scope-image.ts';
import { violation, type Violation } from './violation.ts';

export interface RunRow {
  id: string;
  scope: string;
  status: string;
  attempt: number;
  /** Its conversation was deleted, and it with it: nobody works on it any more, and nobody sees it. */
  isGone?: boolean;
}

/** The longest that a viewer saw of an item's words in one attempt, before they stood in the thread. */
export interface SeenText {
  seat: string;
  runId: string;
  attempt: number;
  itemId: string;
  /** The id of the message that the item becomes. */
  messageId: string;
  text: string;
  /** Whether each longer text began with the one before it. */
  isGrowing: boolean;
}

const ENDED = new Set(['completed', 'failed', 'stopped']);

/** No run is stuck: at rest each has an end, and none ended by a fault of the server's. */
export function checkEnded(runs: RunRow[]): Violation[] {
  return runs
    .filter(({ status, isGone }) => isGone !== true && !ENDED.has(status))
    .map(({ id, scope, status, attempt }) =>
      violation('runs end', `it is ${status} (attempt ${attempt}), and nobody works on it`, { runId: id, scope }),
    );
}

/**
 * What a viewer saw of an item in the attempt that stored it begins the stored text, to the letter. Words of an attempt
 * before that one were thrown away with it.
 */
export function checkTexts(log: LogRow[], seen: Iterable<SeenText>): Violation[] {
  const stored = storedTexts(log);
  const found: Violation[] = [];
  for (const { seat, runId, attempt, itemId, messageId, text, isGrowing } of seen) {
    const objects = { seat, runId, attempt, itemId };
    if (!isGrowing) found.push(violation('run texts', 'words that stood there changed', objects));
    const message = stored.get(messageId);
    if (!message) {
      // The words of a run that ended in its middle are stored all the same; those of a dead attempt are not.
      continue;
    }
    if (attempt === message.attempt && !message.text.startsWith(text)) {
      found.push(
        violation(
          'run texts',
          `the viewer read …${JSON.stringify(text.slice(-60))}, stored is ${JSON.stringify(message.text.slice(0, 200))}`,
          { ...objects, messageId },
        ),
      );
    }
  }
  return found;
}

/**
 * What an attempt stored of an item that is over stays as it is: the attempt after it goes on behind it. Only the very
 * same may come again, where an answer was lost.
 */
export function checkStoredOnce(log: LogRow[]): Violation[] {
  const found: Violation[] = [];
  const stored = new Map<string, string>();
  for (const [scope, rows] of byScope(log)) {
    for (const effect of scope.startsWith('thread:') ? rows.flatMap(({ effects }) => effects) : []) {
      if (effect.op !== 'put' || typeof effect.value['runId'] !== 'string') continue;
      const { type, id, value } = effect;
      if (type !== 'run_item' && type !== 'message') continue;
      const text = canonical({ ...value, createdAt: undefined });
      const before = stored.get(`${type} ${id}`);
      if (before === undefined && value['state'] === 'open') continue;
      if (before !== undefined && before !== text)
        found.push(violation('run texts', `${before} was stored, and replaced by ${text}`, { scope, type, id }));
      stored.set(`${type} ${id}`, text);
    }
  }
  return found;
}

/** Messages of runs, with the attempt that stored each: the one that the thread's log had last named. */
function storedTexts(log: LogRow[]): Map<string, { text: string; attempt: number }> {
  const attempts = new Map<string, number>();
  const texts = new Map<string, { text: string; attempt: number }>();
  const rows = log.filter(({ scope }) => scope.startsWith('thread:'));
  rows.sort((a, b) => (a.scope === b.scope ? a.seq - b.seq : a.scope < b.scope ? -1 : 1));
  for (const { effects } of rows) {
    for (const effect of effects) {
      const fields = effect.op === 'put' ? effect.value : effect.op === 'patch' ? effect.fields : {};
      if (effect.type === 'run' && typeof fields['attempt'] === 'number') attempts.set(effect.id, fields['attempt']);
      const runId = fields['runId'];
      if (effect.type !== 'message' || effect.op !== 'put' || typeof runId !== 'string') continue;
      if (fields['role'] !== 'assistant') continue;
      texts.set(effect.id, { text: String(fields['text']), attempt: attempts.get(runId) ?? 0 });
    }
  }
  return texts;
}

/**
 * A call's effects stand in one transaction. A word that one request alone asked for makes one task: an attempt that asks
 * again under a new call id would make a second.
 *
 * @param isMarked whether a title was asked for once
 */
export function checkToolEffects(log: LogRow[], isMarked: (title: string) => boolean): Violation[] {
  const calls = new Map<string, Set<string>>();
  const titles = new Map<string, Set<string>>();
  for (const { scope, runId, callId, txnId, effects } of log) {
    if (runId === null || !scope.startsWith('list:')) continue;
    if (callId !== null) note(calls, `${runId} ${callId}`, txnId);
    for (const effect of effects) {
      const title = effect.op === 'put' && effect.type === 'task' ? String(effect.value['title']) : undefined;
      if (title !== undefined && isMarked(title)) note(titles, title, effect.id);
    }
  }
  const found: Violation[] = [];
  for (const [key, txns] of calls) {
    const [runId, callId] = key.split(' ');
    if (txns.size > 1)
      found.push(
        violation('tools once', `one call took effect ${txns.size} times`, { runId, callId, txns: [...txns] }),
      );
  }
  for (const [title, ids] of titles) {
    if (ids.size > 1)
      found.push(violation('tools once', `${title} was asked for once, and made ${ids.size} times`, { ids: [...ids] }));
  }
  return found;
}

function note(into: Map<string, Set<string>>, key: string, value: string): void {
  const known = into.get(key);
  if (known) known.add(value);
  else into.set(key, new Set([value]));
}
