import type { ClientEvents } from './types.ts';

type Log = (message: string, details?: unknown) => void;

/** Tells listeners what happened. One that throws is logged and does not keep the others from hearing. */
export class Emitter {
  readonly #listeners = new Map<keyof ClientEvents, Set<(...args: never[]) => void>>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  on<E extends keyof ClientEvents>(event: E, listener: ClientEvents[E]): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  emit<E extends keyof ClientEvents>(event: E, ...args: Parameters<ClientEvents[E]>): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        listener(...(args as unknown as never[]));
      } catch (error) {
        this.#log('a listener failed', { event, error });
      }
    }
  }
}
