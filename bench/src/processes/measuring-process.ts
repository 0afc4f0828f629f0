import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Calls, Question, Reply } from './serve.ts';

const READY_WITHIN_MS = 30_000;
const END_WITHIN_MS = 5_000;
const SRC = join(import.meta.dirname, '..');

/**
 * A process that takes part in a measurement, so that each one's CPU is its own. What it offers is the type of the calls
 * that its file exports.
 */
export class MeasuringProcess<C extends Calls> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #lastId = 0;

  private constructor(child: ChildProcess, file: string) {
    this.#child = child;
    child.on('message', (message) => this.#settle(message as Reply));
    child.on('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${file} ended (${signal ?? code})`));
      this.#waiting.clear();
    });
  }

  /**
   * @param file below bench/src
   * @param flags of Node
   */
  static async start<C extends Calls>(
    file: string,
    { env = {}, flags = [] }: { env?: Record<string, string>; flags?: string[] } = {},
  ): Promise<MeasuringProcess<C>> {
    const child = fork(join(SRC, file), { execArgv: flags, env: { ...process.env, ...env } });
    const started = new MeasuringProcess<C>(child, file);
    let timer: NodeJS.Timeout | undefined;
    const ready = new Promise((resolve, reject) => {
      started.#waiting.set(0, { resolve, reject });
      timer = setTimeout(() => reject(new Error(`${file} is not ready after ${READY_WITHIN_MS} ms`)), READY_WITHIN_MS);
    });
    try {
      await ready;
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    } finally {
      clearTimeout(timer);
    }
    return started;
  }

  /** @throws what the other process threw, or that it ended */
  call<N extends keyof C & string>(name: N, argument?: Parameters<C[N]>[0]): Promise<Awaited<ReturnType<C[N]>>> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (!this.#child.connected) return reject(new Error(`${name}: the process has ended`));
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#child.send({ id, name, argument } satisfies Question);
    });
  }

  /** Left alone it ends by itself, and writes its profile where it was told to (`NODE_OPTIONS=--cpu-prof`). */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_WITHIN_MS);
    if (this.#child.connected) this.#child.disconnect();
    await ended;
    clearTimeout(timer);
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('fault' in reply) waiting?.reject(new Error(reply.fault));
    else waiting?.resolve(reply.value);
  }
}
