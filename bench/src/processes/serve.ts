/** What a measuring process can be asked for, by name: one argument, one answer, both as plain data. */
// The calls of each process have types of their own, which `Caller` keeps.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Calls = Record<string, (argument: any) => unknown>;

export interface Question {
  id: number;
  name: string;
  argument: unknown;
}
export type Reply = { id: number; value: unknown } | { id: number; fault: string };

/** Answers its parent until that is gone; then it ends, whatever it still does. */
export function serve(calls: Calls): void {
  process.on('message', (message) => void answer(calls, message as Question));
  process.on('disconnect', () => process.exit(0));
  process.send?.({ id: 0, value: 'ready' } satisfies Reply);
}

async function answer(calls: Calls, { id, name, argument }: Question): Promise<void> {
  try {
    const value = await calls[name]?.(argument);
    process.send?.({ id, value } satisfies Reply);
  } catch (error) {
    process.send?.({
      id,
      fault: error instanceof Error ? (error.stack ?? error.message) : String(error),
    } satisfies Reply);
  }
}

/** What this process has used of the CPU so far, in microseconds, its system calls included. */
export function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** What this process holds of the machine's memory, in bytes, once nothing is left to collect. Wants `--expose-gc`. */
export function memoryBytes(): number {
  if (!globalThis.gc) throw new Error('memory is measured with --expose-gc');
  // Twice: what is freed in the first round may free more.
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage.rss();
}
