import type { FirstAnswer } from '@muster/protocol/client-events';
import type { Intent } from './intent.ts';
import type { Replica } from './replica.ts';
import type { StorageWriter } from './storage-writer.ts';
import type { TabNews } from './tab-news.ts';
import type { TabSeat } from './types.ts';

export interface UnansweredOptions {
  replica: Replica;
  writer: StorageWriter;
  seat(): TabSeat | undefined;
  under(): { logEpoch: string };
  find(nonce: string): Intent | undefined;
  /** It was in this tab's queue. */
  wasMet(nonce: string): boolean;
  /** Reads the disk: another tab's news may not have come. */
  refill(): Promise<void>;
  log(message: string, details?: unknown): void;
}

const isWaiting = ({ mid, seqs }: Intent): boolean => mid !== null && !seqs;

/**
 * What is stored and waits for its answer, as tabs speak of it. A tab may have read of an edit on disk while its answer
 * passed by, and an answer that it read there may be of a log that is lost: the tab that pushes tells it again.
 */
export class Unanswered {
  readonly #options: UnansweredOptions;

  constructor(options: UnansweredOptions) {
    this.#options = options;
  }

  get oldest(): string | undefined {
    return this.#options.replica.view.intents.find(isWaiting)?.nonce;
  }

  get all(): string[] {
    return this.#options.replica.view.intents.filter(isWaiting).map(({ nonce }) => nonce);
  }

  /** Another tab waits for these, and this one pushes. */
  asked(nonces: string[]): void {
    this.#tell(nonces).catch((error: unknown) => this.#options.log('another tab was not told', { error }));
  }

  /** Asked for by this tab: these were answered and are gone from the queue. */
  left(nonces: string[], logEpoch: string): void {
    const { replica, find, under } = this.#options;
    if (logEpoch !== under().logEpoch) return;
    for (const nonce of nonces) {
      const intent = find(nonce);
      if (intent && isWaiting(intent)) replica.applied(intent, Object.fromEntries(intent.arrived));
    }
  }

  async #tell(nonces: string[]): Promise<void> {
    const { replica, writer, seat, under, find, wasMet, refill } = this.#options;
    if (!nonces.every(wasMet)) await refill();
    for (const { nonce, seqs, answeredUnder } of replica.view.intents) {
      if (!seqs || !nonces.includes(nonce)) continue;
      const first: FirstAnswer = { status: 'applied', seqs };
      const logEpoch = answeredUnder ?? under().logEpoch;
      seat()?.post({ news: 'answered', nonce, first, logEpoch } satisfies TabNews);
    }
    const { logEpoch } = under();
    const hasLeft = (nonce: string) => wasMet(nonce) && !find(nonce);
    if (logEpoch === '' || !nonces.some(hasLeft)) return;
    // After it has left the disk too, with its seqs: whoever hears this retires it as well, and does not know them.
    await writer.run(async () => undefined);
    seat()?.post({ news: 'left', nonces: nonces.filter(hasLeft), logEpoch } satisfies TabNews);
  }
}
