/**
 * Whoever asks while an answer is under way gets that one. Metrics that come from one read are collected together, so
 * that a scrape asks once, however many of them it shows.
 */
export function shareRead<T>(read: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined;
  return () => {
    underWay ??= read().finally(() => (underWay = undefined));
    return underWay;
  };
}
