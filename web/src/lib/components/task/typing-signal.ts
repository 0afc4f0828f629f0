/** Said again at most so often, and withdrawn after this much silence. Presence itself is forgotten after 10 s. */
const AGAIN_MS = 3_000;
const QUIET_MS = 4_000;

/** Turns keystrokes into "is typing" and back. */
export class TypingSignal {
  readonly #tell: (isTyping: boolean) => void;
  #saidAt = -Infinity;
  #quiet: ReturnType<typeof setTimeout> | undefined;

  constructor(tell: (isTyping: boolean) => void) {
    this.#tell = tell;
  }

  beat(): void {
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => {
      this.#saidAt = -Infinity;
      this.#tell(false);
    }, QUIET_MS);
    if (performance.now() - this.#saidAt < AGAIN_MS) return;
    this.#saidAt = performance.now();
    this.#tell(true);
  }

  /** Left the field, or sent the words: it is withdrawn at once. */
  stop(): void {
    clearTimeout(this.#quiet);
    if (this.#saidAt === -Infinity) return;
    this.#saidAt = -Infinity;
    this.#tell(false);
  }
}
