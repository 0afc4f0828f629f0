import type { ClientStatus } from '@muster/client/types';
import { expect, it } from 'vitest';
import { diagnose } from './diagnose.ts';
import type { Findings } from './findings.ts';

const STATUS: ClientStatus = {
  connection: 'online',
  pending: 0,
  since: null,
  isBehind: false,
  error: null,
  storage: 'ok',
  estimate: null,
};
const CHECKS = { postgres: true, redis: true, migrations: true, bus: true, accepting: true };
const WELL: Findings = {
  status: STATUS,
  hasNetwork: true,
  answeredInMs: 12,
  server: CHECKS,
  hasWebSocket: true,
  isSignedIn: true,
  clockAheadMs: 300,
  space: { usageBytes: 3e6, quotaBytes: 900e6 },
};
const away = (more: Partial<ClientStatus> = {}): ClientStatus => ({
  ...STATUS,
  connection: 'offline',
  since: 1,
  ...more,
});
const outdated = { code: 'upgrade_required' as const, message: '', retryable: false };

it.each<[what: string, change: Partial<Findings>, state: string, title: RegExp]>([
  ['all is well', {}, 'fine', /in step/],
  ['changes on their way', { status: { ...STATUS, pending: 2 } }, 'fine', /Saving/],
  ['what was refused', { refused: 2 }, 'warn', /2 changes were not saved/],
  ['no network', { hasNetwork: false, answeredInMs: null, status: away({ pending: 3 }) }, 'bad', /machine is offline/],
  ['no server', { answeredInMs: null, server: undefined, status: away() }, 'bad', /server cannot be reached/],
  ['no WebSocket', { hasWebSocket: false, status: away() }, 'bad', /lets no WebSocket through/],
  ['an ended sign-in', { isSignedIn: false, status: away({ connection: 'refused' }) }, 'bad', /sign-in has ended/],
  ['an old page', { status: away({ connection: 'refused', error: outdated }) }, 'bad', /too old/],
  ['no database', { server: { ...CHECKS, postgres: false } }, 'bad', /database/],
  ['no Redis', { server: { ...CHECKS, redis: false, bus: false } }, 'warn', /Live updates are slow/],
  ['a server that leaves', { server: { ...CHECKS, accepting: false } }, 'warn', /about to restart/],
  ['a clock ahead', { clockAheadMs: 3 * 3_600_000 }, 'warn', /3 hours ahead/],
  ['a clock behind', { clockAheadMs: -180_000 }, 'warn', /3 minutes behind/],
  ['a full disk', { storage: 'full' }, 'bad', /no space left/],
  ['a store of a newer page', { storage: 'newer' }, 'warn', /reload/],
  ['a private window', { storage: 'unavailable' }, 'warn', /keeps nothing/],
  ['little space', { space: { usageBytes: 990, quotaBytes: 1_000 } }, 'warn', /runs out/],
  ['a slow server', { answeredInMs: 4_100 }, 'warn', /slowly/],
  ['changes of others missing', { status: { ...STATUS, isBehind: true } }, 'warn', /Catching up/],
  ['nothing wrong but not connected yet', { status: away({ connection: 'connecting' }) }, 'warn', /Connecting/],
])('names %s', (_, change, state, title) => {
  const said = diagnose({ ...WELL, ...change });
  expect(said.title).toMatch(title);
  expect(said.state).toBe(state);
});

it('says what becomes of waiting changes, and how to go on', () => {
  expect(diagnose({ ...WELL, hasNetwork: false, status: away({ pending: 3 }) }).advice).toContain('3 changes are kept');
  expect(diagnose({ ...WELL, answeredInMs: null, status: away({ pending: 1 }) }).advice).toContain(
    'One change is kept',
  );
  expect(diagnose({ ...WELL, isSignedIn: false }).remedy).toBe('sign-in');
  expect(diagnose({ ...WELL, status: away({ error: outdated }) }).remedy).toBe('reload');
});

it('shows every check, and none as fine that was not made', () => {
  const lines = diagnose({ status: away(), hasNetwork: false, answeredInMs: null }).lines;
  expect(lines.map(({ about }) => about)).toEqual([
    'Network',
    'Server',
    'Its parts',
    'Live connection',
    'Sign-in',
    'Clock',
    'Space',
  ]);
  expect(lines.some(({ state }) => state === 'fine')).toBe(false);
});
