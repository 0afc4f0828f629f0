import type { ClientStatus } from '@muster/client/types';
import { expect, it } from 'vitest';
import { connectionWords } from './connection.svelte.ts';

const AT = new Date(2026, 2, 9, 14, 2).getTime();
const status = (change: Partial<ClientStatus>): ClientStatus => ({
  ...{ connection: 'online', pending: 0, since: null, isBehind: false, error: null, storage: 'ok', estimate: null },
  ...change,
});

it('says nothing when all is well, nor for a blip', () => {
  expect(connectionWords(status({ pending: 3 }), { now: AT, hasNetwork: true })).toBeUndefined();
  expect(
    connectionWords(status({ connection: 'connecting', since: AT - 500 }), { now: AT, hasNetwork: true }),
  ).toBeUndefined();
});

it('says amber words while it reconnects', () => {
  expect(
    connectionWords(status({ connection: 'connecting', since: AT - 4_000 }), { now: AT, hasNetwork: true }),
  ).toEqual({
    tone: 'amber',
    text: 'Reconnecting, your changes are kept',
  });
});

it('says since when it is offline and what waits', () => {
  const offline = status({ connection: 'offline', since: AT, pending: 3 });
  expect(connectionWords(offline, { now: AT + 60_000, hasNetwork: true })).toEqual({
    tone: 'grey',
    text: 'Offline since 14:02, 3 changes waiting',
  });
  expect(connectionWords({ ...offline, pending: 1 }, { now: AT, hasNetwork: false })?.text).toBe(
    'Offline since 14:02, 1 change waiting',
  );
});

it('asks for a reload where this page is too old', () => {
  const error = { code: 'upgrade_required' as const, message: '', retryable: false };
  expect(connectionWords(status({ connection: 'refused', error }), { now: AT, hasNetwork: true })?.text).toContain(
    'reload the page',
  );
});

it('tells what was not saved, and what takes long to be', () => {
  expect(connectionWords(status({}), { now: AT, hasNetwork: true, refused: 2 })?.text).toBe('2 changes were not saved');
  const slow = { now: AT, savingSince: AT - 5_000, hasNetwork: true };
  expect(connectionWords(status({ pending: 3 }), slow)?.text).toBe('Saving 3 changes');
  expect(connectionWords(status({ pending: 3 }), { ...slow, savingSince: AT - 500 })).toBeUndefined();
});
