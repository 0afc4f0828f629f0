import type { ClientEventName } from '@muster/protocol/client-events';
import type { Handler } from './define-handler.ts';
import { mutate } from './handlers/mutate.ts';
import { presenceSet } from './handlers/presence.ts';
import { runDecide, runStop, runUnwatch, runWatch } from './handlers/run.ts';
import { scopeClose, scopeOpen, scopePage, scopePull } from './handlers/scope.ts';

/** Every event of the contract has its handler: one that is missing does not compile. */
export const HANDLERS: Record<ClientEventName, Handler> = {
  'scope:open': scopeOpen,
  'scope:pull': scopePull,
  'scope:page': scopePage,
  'scope:close': scopeClose,
  mutate,
  'presence:set': presenceSet,
  'run:watch': runWatch,
  'run:unwatch': runUnwatch,
  'run:stop': runStop,
  'run:decide': runDecide,
};

/** Own names only: `__proto__` and `constructor` are no events. */
export const findHandler = (event: unknown): Handler | undefined =>
  typeof event === 'string' && Object.hasOwn(HANDLERS, event) ? HANDLERS[event as ClientEventName] : undefined;
