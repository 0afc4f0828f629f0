/**
 * Why an attempt ends before the model is done:
 * - `stop`        somebody asked for it
 * - `superseded`  the run is another attempt's, or nobody's: write nothing more
 * - `shutdown`    this process goes: the run is handed back
 * - `deadline`    it took too long
 */
export const INTERRUPTIONS = ['stop', 'superseded', 'shutdown', 'deadline'] as const;
export type InterruptionReason = (typeof INTERRUPTIONS)[number];

export class Interruption extends Error {
  readonly reason: InterruptionReason;

  constructor(reason: InterruptionReason) {
    super(`interrupted: ${reason}`);
    this.name = 'Interruption';
    this.reason = reason;
  }
}

/** The reason why a signal was aborted, where it was one of ours. */
export function interruptionOf(signal: AbortSignal): Interruption | undefined {
  return signal.aborted && signal.reason instanceof Interruption ? signal.reason : undefined;
}

/** @throws {Interruption} where the signal was aborted */
export function throwIfInterrupted(signal: AbortSignal): void {
  const interruption = interruptionOf(signal);
  if (interruption) throw interruption;
}
