import type { RunStreamEntry } from '@muster/protocol/internal/run-stream';

/** The texts that somebody who watched from the beginning has at the end, by item: the rules of the wire. */
export function viewedTexts(entries: RunStreamEntry[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const entry of entries) {
    if (entry.k === 'status' && entry.d.rewind) {
      const { itemId, offset } = entry.d.rewind;
      const text = texts.get(itemId);
      if (text !== undefined) texts.set(itemId, text.slice(0, offset));
    }
    if (entry.k !== 'text') continue;
    const have = texts.get(entry.i) ?? '';
    if (entry.o > have.length) throw new Error(`a gap: ${have.length} are there, ${entry.o} comes`);
    texts.set(entry.i, have + entry.d.slice(have.length - entry.o));
  }
  return texts;
}
