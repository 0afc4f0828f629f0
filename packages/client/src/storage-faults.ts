/** Why a storage did not do what it was asked; anything else that it throws is the browser's own trouble. */
export class StorageFault extends Error {
  readonly why: 'full' | 'newer' | 'wiped';

  constructor(why: StorageFault['why'], cause?: unknown) {
    super({ full: 'no space is left', newer: 'a newer page made this store', wiped: 'this store was wiped' }[why], {
      cause,
    });
    this.why = why;
  }
}

export const isFault = (error: unknown, why: StorageFault['why']): boolean =>
  error instanceof StorageFault && error.why === why;
