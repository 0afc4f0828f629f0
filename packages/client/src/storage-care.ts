import type { Status } from './status.ts';
import { StorageFault } from './storage-faults.ts';
import type { ClientStatus, StoragePort } from './types.ts';

export interface StorageCareOptions {
  status: Status;
  storage: StoragePort | undefined;
  log(message: string, details?: unknown): void;
}

const toState = (error: unknown): ClientStatus['storage'] =>
  error instanceof StorageFault && error.why !== 'wiped' ? error.why : 'unavailable';

/** A page has a disk, and loads this only where it cannot be used. */
const inMemory = async (): Promise<StoragePort> => (await import('./memory-storage.ts')).createMemoryStorage();

/** Says whether this device keeps what is made on it, and asks the browser to. */
export class StorageCare {
  /** The one in use: memory, where none is given. */
  storage: Promise<StoragePort>;
  readonly #options: StorageCareOptions;
  #hasAsked = false;
  /** The disk is not used at all: what works now is memory. */
  #isAway = false;

  constructor(options: StorageCareOptions) {
    this.#options = options;
    this.storage = options.storage ? Promise.resolve(options.storage) : inMemory();
  }

  /**
   * The disk cannot be used. A browser that lets nobody store anything still shows what the server has.
   * @returns what is used instead
   */
  gaveUp(error: unknown): Promise<StoragePort> {
    this.#options.log('nothing can be stored here', { error });
    this.#isAway = true;
    this.#options.status.set({ storage: toState(error) });
    return (this.storage = inMemory());
  }

  /** Something of one's own could not be stored. */
  failed(error: unknown): void {
    this.#options.log('a mutation could not be stored', { error });
    if (!this.#isAway) this.#options.status.set({ storage: toState(error) });
    this.measure();
  }

  /** All of one's own is stored. */
  isWell(): void {
    if (!this.#isAway) this.#options.status.set({ storage: 'ok' });
  }

  /** Asks once there is something that would be a loss: earlier a browser would refuse, or ask for no reason. */
  firstEdit(): void {
    if (this.#hasAsked) return;
    this.#hasAsked = true;
    const { log } = this.#options;
    this.storage
      .then((storage) => storage.persist())
      .then(() => this.measure())
      .catch((error: unknown) => log('the browser was not asked to keep this', { error }));
  }

  measure(): void {
    this.storage
      .then((storage) => storage.estimate())
      .then((estimate) => this.#options.status.set({ estimate }))
      .catch(() => undefined);
  }
}
