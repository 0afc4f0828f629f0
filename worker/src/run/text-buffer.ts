import { storable } from './storable.ts';

/**
 * The text of one item on its way into the stream: what was written, and how much of it has left. Offsets count UTF-16
 * units, so that a viewer's text is right by construction; a surrogate pair is never cut.
 */
export interface TextBuffer {
  /** All text so far, as it came: halves of a pair may come one by one. */
  readonly text: string;
  /** How much of it was taken. */
  readonly offset: number;
  /** How much waits. */
  readonly waiting: number;
  push(delta: string): void;
  /**
   * What may leave now, as it will be stored; undefined for nothing. The offset moves only with {@link TextBuffer.sent}, so that what could
   * not be sent leaves with the next flush.
   *
   * @param isEnd the item ended: half a pair that nothing will complete leaves too
   */
  peek(isEnd: boolean): { offset: number; text: string } | undefined;
  sent(chunk: { offset: number; text: string }): void;
  /** The stream was lost: everything leaves again. */
  rewind(): void;
}

export function createTextBuffer(): TextBuffer {
  let text = '';
  let offset = 0;
  return {
    get text() {
      return text;
    },
    get offset() {
      return offset;
    },
    get waiting() {
      return text.length - offset;
    },
    push(delta) {
      text += delta;
    },
    peek(isEnd) {
      const isHalf = !isEnd && isHighSurrogate(text.charCodeAt(text.length - 1));
      const end = isHalf ? text.length - 1 : text.length;
      return end > offset ? { offset, text: storable(text.slice(offset, end)) } : undefined;
    },
    sent(chunk) {
      offset = Math.max(offset, chunk.offset + chunk.text.length);
    },
    rewind() {
      offset = 0;
    },
  };
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
