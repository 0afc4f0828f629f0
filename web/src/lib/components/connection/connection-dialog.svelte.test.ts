import { cleanup, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { offsite } from '../../../../test/offsite.ts';
import { renderWithApp } from '../../../../test/render-with-app.ts';
import ConnectionDialog from './connection-dialog.svelte';

vi.mock('$app/navigation', () => ({ goto: vi.fn() }));

const WELL = { postgres: true, redis: true, migrations: true, bus: true, accepting: true };
let answers: Record<string, { status?: number; body: unknown } | undefined>;

beforeEach(() => {
  localStorage.clear();
  answers = {
    '/readyz': { body: { checks: WELL, now: Date.now() } },
    '/api/auth/get-session': { body: { user: {}, session: {} } },
  };
  vi.stubGlobal('fetch', (url: string) => {
    const answer = answers[new URL(url).pathname];
    if (!answer) return Promise.reject(new TypeError('refused'));
    return Promise.resolve(new Response(JSON.stringify(answer.body), { status: answer.status ?? 200 }));
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const show = (client = offsite()) => renderWithApp(ConnectionDialog as never, client, { onclose: vi.fn() });

it('says that all is well, with what was looked at', async () => {
  await show();
  await screen.findByRole('heading', { name: 'Everything is in step' });
  expect(screen.getByText('Database and live updates work.')).toBeDefined();
  expect(screen.getByText('The server knows you.')).toBeDefined();
});

it('names a server that is away, and finds it again', async () => {
  answers['/readyz'] = undefined;
  const client = offsite();
  client.status = { ...client.status, connection: 'offline', since: 1, pending: 3 };
  await show(client);
  await screen.findByRole('heading', { name: 'The server cannot be reached' });
  expect(screen.getByText(/3 changes are kept in this browser/)).toBeDefined();
  client.status = { ...client.status, connection: 'online', since: null, pending: 0 };
  answers['/readyz'] = { body: { checks: { ...WELL, redis: false }, now: Date.now() } };
  await userEvent.click(screen.getByRole('button', { name: 'Check again' }));
  await screen.findByRole('heading', { name: /Live updates are slow/ });
});

it('leads to the sign-in where it has ended', async () => {
  answers['/api/auth/get-session'] = { body: null };
  await show();
  expect(await screen.findByRole('button', { name: 'Sign in' })).toBeDefined();
});

it('keeps what was refused with its words, until each is dismissed', async () => {
  const { app } = await show();
  const error = { code: 'forbidden' as const, message: 'You may only read this list.', retryable: false };
  app.refused.add({ mid: 1, nonce: 'n', name: 'message.send', args: { id: 'm', text: 'Long words' }, error });
  await screen.findByText('Long words');
  expect(screen.getByText('You may only read this list.')).toBeDefined();
  const user = userEvent.setup();
  await user.click(screen.getByRole('button', { name: 'Copy the text' }));
  expect(await navigator.clipboard.readText()).toBe('Long words');
  await user.click(screen.getByRole('button', { name: 'Dismiss' }));
  expect(screen.queryByText('Long words')).toBeNull();
});
