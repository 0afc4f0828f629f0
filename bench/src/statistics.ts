/**
 * The value below which a share of all lies, by the nearest rank: always one that was measured.
 * @param share 0.5 for the median, 0.99 for p99
 * @returns NaN of nothing
 */
export function quantileOf(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? NaN;
}

export interface Latency {
  p50Ms: number;
  p99Ms: number;
  count: number;
}

/** @param values milliseconds */
export function latencyOf(values: readonly number[]): Latency {
  return { p50Ms: quantileOf(values, 0.5), p99Ms: quantileOf(values, 0.99), count: values.length };
}

/** Three digits are more than such measurements are good for: 4.36, 12.1, 1,830. */
export function show(value: number, unit: string): string {
  if (!Number.isFinite(value)) return `– ${unit}`;
  const rounded = Number(value.toPrecision(3));
  return `${rounded.toLocaleString('en-US', { maximumFractionDigits: 3 })} ${unit}`;
}
