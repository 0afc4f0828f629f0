/** Which lines of a long list are drawn, and where: heights come in as they are measured. Pure. */

/** Where each line begins, in pixels from the first; one more entry for the end of the last. */
export function offsetsOf(count: number, heightAt: (at: number) => number): Float64Array {
  const offsets = new Float64Array(count + 1);
  for (let at = 0; at < count; at++) offsets[at + 1] = (offsets[at] ?? 0) + heightAt(at);
  return offsets;
}

/** The line that a height of `y` pixels falls on: the last that begins at or above it. */
export function lineAt(offsets: Float64Array, y: number): number {
  let low = 0;
  let high = Math.max(0, offsets.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((offsets[middle] ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** First and last line (inclusive) to draw for a view of `height` pixels that begins at `top`. */
export function windowOf(
  offsets: Float64Array,
  top: number,
  height: number,
  spare: number,
): { first: number; last: number } {
  const count = offsets.length - 1;
  if (count <= 0) return { first: 0, last: -1 };
  const first = Math.max(0, lineAt(offsets, top) - spare);
  const last = Math.min(count - 1, lineAt(offsets, Math.max(0, top + height)) + spare);
  return { first, last };
}
