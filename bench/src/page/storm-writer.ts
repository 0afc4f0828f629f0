import { setTimeout as delay } from 'node:timers/promises';
import { WireClient } from '../product/wire-client.ts';

/** Someone else who changes the open list at an even pace, whatever the answers do. */
export class StormWriter {
  readonly #client: WireClient;
  readonly #taskIds: string[];
  #isOver = false;
  #running: Promise<void> = Promise.resolve();
  written = 0;

  private constructor(client: WireClient, taskIds: string[]) {
    this.#client = client;
    this.#taskIds = taskIds;
  }

  /** Fills the list with so many tasks, and rests. */
  static async prepare(url: string, token: string, listId: string, tasks: number): Promise<StormWriter> {
    const client = await WireClient.connect(url, token);
    return new StormWriter(client, await client.createTasks(listId, tasks));
  }

  /** Every third change hits one of the first thirty tasks: those are on the screen. */
  start(perSecond: number): void {
    this.#isOver = false;
    const began = performance.now();
    const ids = this.#taskIds;
    this.#running = (async () => {
      const answers: Promise<unknown>[] = [];
      for (let n = 0; !this.#isOver; n++) {
        const id = n % 3 === 0 ? ids[(n / 3) % 30] : ids[(n * 61) % ids.length];
        answers.push(this.#client.mutate('task.update', { id, fields: { title: `Renamed for the ${n}th time` } }));
        await delay(Math.max(0, began + ((n + 1) * 1_000) / perSecond - performance.now()));
      }
      this.written = answers.length;
      await Promise.all(answers);
    })();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  close(): void {
    this.#client.close();
  }
}
