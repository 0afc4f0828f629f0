import { cleanup, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { offsite } from '../../../../test/offsite.ts';
import { renderWithApp } from '../../../../test/render-with-app.ts';
import Entry from './entry.svelte';
import { BEGINNING, play, STEPS } from './scene.ts';

const { goto, page } = vi.hoisted(() => ({
  goto: vi.fn(() => Promise.resolve()),
  page: { url: new URL('http://localhost/sign-in') },
}));
vi.mock('$app/navigation', () => ({ goto }));
vi.mock('$app/state', () => ({ page }));

const USER = { id: 'u1', name: 'Ada', email: 'ada@example.com' };
let answers: Record<string, { status?: number; body?: unknown }>;

beforeEach(() => {
  goto.mockClear();
  localStorage.clear();
  page.url = new URL('http://localhost/sign-in');
  answers = { 'get-session': { body: { user: USER, session: { id: 's', token: 't' } } } };
  vi.stubGlobal('fetch', (url: string) => {
    const name = new URL(url).pathname.replace('/api/auth/', '');
    const { status = 200, body = {} } = answers[name] ?? {};
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const show = (kind: 'in' | 'up' = 'in', client = offsite()) => renderWithApp(Entry as never, client, { kind });
async function fill(): Promise<void> {
  await userEvent.type(screen.getByLabelText('E-mail'), 'ada@example.com');
  await userEvent.type(screen.getByLabelText('Password'), 'correct horse{Enter}');
}

it('goes on to where the person wanted to', async () => {
  page.url = new URL('http://localhost/sign-in?to=%2Flists%2F1');
  await show();
  await fill();
  await waitFor(() => expect(goto).toHaveBeenCalledWith('/lists/1', { replace: true }));
});

it.each(['//evil.example', 'https://evil.example', '/\\evil.example', 'javascript:alert(1)'])(
  'is not sent away by %s',
  async (to) => {
    page.url = new URL(`http://localhost/sign-in?to=${encodeURIComponent(to)}`);
    await show();
    await fill();
    await waitFor(() => expect(goto).toHaveBeenCalledWith('/', { replace: true }));
  },
);

it('says in words what is wrong, and keeps what was typed', async () => {
  answers['sign-in/email'] = { status: 401, body: { code: 'INVALID_EMAIL_OR_PASSWORD', message: 'Invalid' } };
  await show();
  await fill();
  expect((await screen.findByText(/is not right/)).getAttribute('role')).toBe('alert');
  expect(screen.getByLabelText<HTMLInputElement>('E-mail').value).toBe('ada@example.com');
  expect(goto).not.toHaveBeenCalled();
});

it('says that the browser kept no session, where it did not', async () => {
  answers['get-session'] = { body: null };
  await show();
  await fill();
  expect(await screen.findByText(/Are cookies allowed/)).toBeDefined();
});

it('tells whoever was interrupted what waits for them, until they are back', async () => {
  localStorage.setItem('muster:user', JSON.stringify({ ...USER, isGuest: false }));
  answers['get-session'] = { body: null };
  const client = offsite();
  client.setStatus({ pending: 3 });
  const { app } = await show('in', client);
  await app.session.check();
  await app.rest();
  cleanup();
  // The page was opened anew meanwhile.
  await show();
  expect(screen.getByText(/3 changes are kept in this browser.*when Ada signs in again/)).toBeDefined();
  expect(screen.getByLabelText<HTMLInputElement>('E-mail').value).toBe('ada@example.com');
  answers['get-session'] = { body: { user: USER, session: { id: 's', token: 't' } } };
  await userEvent.type(screen.getByLabelText('Password'), 'correct horse{Enter}');
  await waitFor(() => expect(screen.queryByText(/are kept in this browser/)).toBeNull());
  expect(localStorage.getItem('muster:interrupted')).toBeNull();
});

it('says nothing of the kind to whoever signed out, or was a guest', async () => {
  localStorage.setItem('muster:user', JSON.stringify({ ...USER, isGuest: true }));
  answers['get-session'] = { body: null };
  const { app } = await show();
  await app.session.check();
  expect(app.session.interrupted).toBeUndefined();
  answers['get-session'] = { body: { user: USER, session: { id: 's', token: 't' } } };
  await app.session.check();
  await app.session.signOut(() => Promise.resolve());
  expect(app.session.interrupted).toBeUndefined();
});

it('lets anyone in as a guest', async () => {
  answers['get-session'] = { body: { user: { ...USER, isAnonymous: true }, session: { id: 's', token: 't' } } };
  const { app } = await show();
  await userEvent.click(screen.getByRole('button', { name: 'Try it without an account' }));
  await waitFor(() => expect(goto).toHaveBeenCalledWith('/', { replace: true }));
  expect(app.session.user?.isGuest).toBe(true);
});

it('tells a guest that what they made stays', async () => {
  localStorage.setItem('muster:user', JSON.stringify({ ...USER, isGuest: true }));
  await show('up');
  expect(screen.getByText(/Everything you made as a guest stays with you/)).toBeDefined();
  expect(screen.queryByRole('button', { name: /without an account/ })).toBeNull();
});

it('plays a scene in which nobody touches what is not there', () => {
  const end = STEPS.reduce((scene, step) => {
    if (step.do === 'check' || step.do === 'move' || step.do === 'set')
      expect(scene.tasks.map(({ id }) => id)).toContain(step.id);
    return play(scene, step);
  }, BEGINNING);
  expect(end.tasks).toHaveLength(6);
  expect(end.tasks.filter((task) => task.isDone)).toHaveLength(3);
});
