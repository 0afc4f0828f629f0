import type { PageEvent, PagePort } from '../src/types.ts';

/** A page that a test shows, hides and freezes. */
export class FakePage implements PagePort {
  isHidden = false;
  hasNetwork = true;
  readonly #hearers = new Set<(event: PageEvent) => void>();

  watch(hear: (event: PageEvent) => void): () => void {
    this.#hearers.add(hear);
    return () => void this.#hearers.delete(hear);
  }

  tell(event: PageEvent): void {
    if (event === 'hidden') this.isHidden = true;
    if (event === 'shown') this.isHidden = false;
    for (const hear of this.#hearers) hear(event);
  }

  get isWatched(): boolean {
    return this.#hearers.size > 0;
  }
}
