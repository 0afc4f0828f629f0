import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { HistoryKind, HistoryOf, HistoryRecord } from './history.ts';

/** What all clients did and heard in a round, by kind. */
export class History {
  readonly #records = new Map<HistoryKind, HistoryRecord[]>();

  static async read(paths: string[]): Promise<History> {
    const history = new History();
    for (const path of paths) {
      if (!existsSync(path)) continue;
      for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
        if (line !== '') history.add(JSON.parse(line) as HistoryRecord);
      }
    }
    return history;
  }

  add(record: HistoryRecord): void {
    const known = this.#records.get(record.k);
    if (known) known.push(record);
    else this.#records.set(record.k, [record]);
  }

  of<K extends HistoryKind>(kind: K): HistoryOf<K>[] {
    return (this.#records.get(kind) ?? []) as HistoryOf<K>[];
  }
}
