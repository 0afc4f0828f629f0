import type { ClientStatus } from '@muster/client/types';
import { expect, it } from 'vitest';
import { connectionWords } from './connection.svelte.ts';

const AT = new Date(2026, 2, 9, 14, 2).getTime();
const status = (change: Partial<ClientStatus>): ClientStatus => ({
  ...{ connection: 'online', pending: 0, since: null, isBehind: false, error: null },
  ...change,
});

it('says nothing when all is well, nor for a blip', () => {
  expect(connectionWords(status({ pending: 3 }), AT, true)).toBeUndefined();
  expect(connectionWords(status({ connection: 'connecting', since: AT - 500 }), AT, true)).toBeUndefined();
});

it('says amber words while it reconnects', () => {
  expect(connectionWords(status({ connection: 'connecting', since: AT - 4_000 }), AT, true)).toEqual({
    tone: 'amber',
    text: 'Reconnecting, your changes are kept',
  });
});

it('says since when it is offline and what waits', () => {
  const offline = status({ connection: 'offline', since: AT, pending: 3 });
  expect(connectionWords(offline, AT + 60_000, true)).toEqual({
    tone: 'grey',
    text: 'Offline since 14:02, 3 changes waiting',
  });
  expect(connectionWords({ ...offline, pending: 1 }, AT, false)?.text).toBe('Offline since 14:02, 1 change waiting');
});

it('asks for a reload where this page is too old', () => {
  const error = { code: 'upgrade_required' as const, message: '', retryable: false };
  expect(connectionWords(status({ connection: 'refused', error }), AT, true)?.text).toContain('reload the page');
});
