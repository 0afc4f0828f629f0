import type { WireError } from '@muster/protocol/error';
import type { Emitter } from './emitter.ts';
import { VOID, type Intent } from './intent.ts';
import type { Replica } from './replica.ts';
import type { StorageWriter } from './storage-writer.ts';
import type { TabNews } from './tab-news.ts';
import type { TabSeat } from './types.ts';

export interface RefusalsOptions {
  replica: Replica;
  writer: StorageWriter;
  emitter: Emitter;
  seat(): TabSeat | undefined;
}

/**
 * What is not taken as it is, with those that cannot be without it: each is told to the person, with its text to copy.
 * Whatever the server has not answered keeps its mid, empty, until it has.
 */
export class Refusals {
  readonly #options: RefusalsOptions;

  constructor(options: RefusalsOptions) {
    this.#options = options;
  }

  /** The server refused it. */
  refuse(intent: Intent, error: WireError): void {
    const { replica } = this.#options;
    const texts = new Map(replica.view.intents.map((other) => [other, { name: other.name, args: other.args }]));
    const dependants = replica.reject(intent);
    this.#tell(intent, error);
    for (const dependant of dependants) {
      const text = texts.get(dependant.intent);
      this.#tell({ ...dependant.intent, ...text }, dependant.error.toWire());
      dependant.intent.resolve({ status: 'dropped', reason: 'dependency', mid: dependant.intent.mid ?? 0 });
    }
    this.#void(dependants.map((dependant) => dependant.intent));
  }

  /** The server will never take it as it is: the person is told, and its mid is taken by an empty one. */
  giveUp(intent: Intent, error: WireError): void {
    if (intent.name === VOID) return;
    this.#tell(intent, error);
    intent.resolve({ status: 'rejected', code: error.code, message: error.message, mid: intent.mid ?? 0 });
    this.#void([intent]);
    const { replica } = this.#options;
    replica.paint([replica.view.redecideAll()], 'local');
  }

  /** Another tab gave these up. */
  hear(nonces: readonly string[]): void {
    const { replica } = this.#options;
    for (const intent of replica.view.intents) {
      if (nonces.includes(intent.nonce)) Object.assign(intent, { name: VOID, args: {} });
    }
    replica.paint([replica.view.redecideAll()], 'local');
  }

  #void(intents: Intent[]): void {
    if (intents.length === 0) return;
    for (const intent of intents) Object.assign(intent, { name: VOID, args: {} });
    const waiting = intents.flatMap(({ mid, nonce }) => (mid === null ? [] : [{ mid, nonce }]));
    this.#options.writer.later((storage) => storage.voidOut(waiting));
    this.#options.seat()?.post({ news: 'voided', nonces: intents.map(({ nonce }) => nonce) } satisfies TabNews);
  }

  #tell({ mid, nonce, name, args }: Pick<Intent, 'mid' | 'nonce' | 'name' | 'args'>, error: WireError): void {
    this.#options.emitter.emit('rejected', { mid: mid ?? 0, nonce, name, args, error });
  }
}
