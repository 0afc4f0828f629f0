import type { ScopeId } from '@muster/protocol/id';
import type { Emitter } from './emitter.ts';
import { isSame } from './ref.ts';
import type { ScopeState } from './types.ts';

/** Tells the page how each scope stands, once for each change. */
export class ScopeNews {
  readonly #emitter: Emitter;
  readonly #told = new Map<ScopeId, ScopeState>();

  constructor(emitter: Emitter) {
    this.#emitter = emitter;
  }

  tell(scope: ScopeId, state: ScopeState): void {
    if (isSame(this.#told.get(scope) ?? { state: 'absent' }, state)) return;
    if (state.state === 'absent') this.#told.delete(scope);
    else this.#told.set(scope, state);
    this.#emitter.emit('scope', scope, state);
  }
}
