import { closeSync, openSync, writeSync } from 'node:fs';
import type { HistoryRecord } from '../evidence/history.ts';

const FLUSH_EVERY_MS = 250;

export interface Recorder {
  note(record: HistoryRecord): void;
  flush(): void;
  close(): void;
}

/** Appends to a history, some lines at a time: a write for each would slow those whom it watches. */
export function createRecorder(path: string): Recorder {
  const file = openSync(path, 'a');
  let lines: string[] = [];
  const flush = () => {
    if (lines.length > 0) writeSync(file, `${lines.join('\n')}\n`);
    lines = [];
  };
  const timer = setInterval(flush, FLUSH_EVERY_MS);
  return {
    note: (record) => void lines.push(JSON.stringify(record)),
    flush,
    close() {
      clearInterval(timer);
      flush();
      closeSync(file);
    },
  };
}
