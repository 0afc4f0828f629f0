import { scopeOf } from '@muster/protocol/id';
import type { Muster } from './muster.svelte.ts';

const QUIET_MS = 2_500;

/**
 * While a list is on the screen it counts as seen: once it is quiet, and when it is left, its membership keeps how far.
 * Only while connected, or a day offline would leave a queue of nothing else. Call it while a component is made.
 */
export function followSeen(muster: Muster, listId: () => string): void {
  const mark = (id: string): void => {
    const state = muster.scopeState(scopeOf('list', id));
    const membership = muster.get('membership', id);
    if (state.state !== 'open' || !membership || state.seq <= membership.value.seenSeq) return;
    if (document.hidden || muster.status.connection !== 'online') return;
    try {
      muster.mutate('membership.update', { listId: id, fields: { seenSeq: state.seq } });
    } catch {
      // Removed in this instant: there is nothing left to have seen.
    }
  };
  $effect(() => {
    const id = listId();
    const scope = scopeOf('list', id);
    // Each change of its tasks starts the quiet time anew.
    muster.all(scope, 'task');
    if (muster.scopeState(scope).state !== 'open') return undefined;
    const timer = setTimeout(() => mark(id), QUIET_MS);
    return () => clearTimeout(timer);
  });
  $effect(() => {
    const id = listId();
    const back = (): void => mark(id);
    document.addEventListener('visibilitychange', back);
    return () => {
      document.removeEventListener('visibilitychange', back);
      mark(id);
    };
  });
}
