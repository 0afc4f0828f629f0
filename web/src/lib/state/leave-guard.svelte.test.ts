import { expect, it } from 'vitest';
import type { ClientEvents, ClientStatus } from '@muster/client/types';
import { guardLeaving } from './leave-guard.ts';

function fake() {
  let tell: () => void = () => {};
  const client = {
    status: { pending: 0, storage: 'ok' } as ClientStatus,
    on<E extends keyof ClientEvents>(_event: E, listener: ClientEvents[E]) {
      tell = listener as () => void;
      return () => (tell = () => {});
    },
  };
  const be = (status: Partial<ClientStatus>): boolean => {
    client.status = { ...client.status, ...status };
    tell();
    return isAsked();
  };
  return { client, be };
}

const isAsked = (): boolean => !dispatchEvent(new Event('beforeunload', { cancelable: true }));

it('asks only while an edit is neither sent nor stored', () => {
  const { client, be } = fake();
  const stop = guardLeaving(client);
  expect(be({ pending: 3 })).toBe(false);
  expect(be({ storage: 'full' })).toBe(true);
  expect(be({ pending: 0 })).toBe(false);
  expect(be({ pending: 1, storage: 'unavailable' })).toBe(true);
  expect(be({ storage: 'ok' })).toBe(false);
  expect(be({ storage: 'newer' })).toBe(true);
  stop();
  expect(isAsked()).toBe(false);
});
