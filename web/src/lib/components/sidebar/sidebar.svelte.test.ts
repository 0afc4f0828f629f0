import { cleanup, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import { IDS, offsite } from '../../../../test/offsite.ts';
import { renderWithApp } from '../../../../test/render-with-app.ts';
import Sidebar from './sidebar.svelte';

const goto = vi.hoisted(() => {
  // Svelte asks for the wish for less motion as soon as it is imported.
  window.matchMedia ??= (() => ({ matches: true, addEventListener: () => {}, removeEventListener: () => {} })) as never;
  return vi.fn();
});
vi.mock('$app/navigation', () => ({ goto }));
vi.mock('$app/state', () => ({
  page: { url: new URL(`http://localhost/lists/${'00000000-0000-7000-8000-000000000101'}`), params: {} },
}));
afterEach(cleanup);

const place = { listId: IDS.offsite, threadId: undefined, taskId: undefined, openThread: vi.fn() };
const show = async (client = offsite()) => ({ client, ...(await renderWithApp(Sidebar as never, client, { place })) });

it('shows the lists in their order, with what is open and a dot for what changed unseen', async () => {
  await show();
  const links = screen.getAllByRole('link').filter((link) => link.getAttribute('href')?.startsWith('/lists/'));
  const names = links.map((link) => link.textContent.trim().replace(/\s+/g, ' '));
  expect(names.slice(0, 4)).toEqual([
    'Lisbon offsite 9open',
    'Launch week Changed since you looked',
    'Home 12open',
    'Reading',
  ]);
  expect(links[0]).toHaveProperty('ariaCurrent', 'page');
});

it('moves a list by Alt and an arrow, by a key of its own between its new neighbours', async () => {
  const { client } = await show();
  const home = screen.getByRole('link', { name: /^Home/ });
  home.focus();
  await userEvent.keyboard('{Alt>}{ArrowUp}{/Alt}');
  const sent = client.sent.at(-1);
  expect(sent?.name).toBe('membership.update');
  const pos = client.get('membership', IDS.home)!.value.pos;
  expect(pos > client.get('membership', IDS.offsite)!.value.pos).toBe(true);
  expect(pos < client.get('membership', IDS.launch)!.value.pos).toBe(true);
});

it('makes a list where its name is written, and none for Escape', async () => {
  const { client } = await show();
  await userEvent.click(screen.getByRole('button', { name: 'New list' }));
  await userEvent.type(await screen.findByLabelText('Name of the new list'), 'Garden{Escape}');
  expect(client.sent).toEqual([]);
  await userEvent.click(screen.getByRole('button', { name: 'New list' }));
  await userEvent.type(await screen.findByLabelText('Name of the new list'), 'Garden{Enter}');
  expect(client.sent.map(({ name }) => name)).toEqual(['list.create']);
  expect(goto).toHaveBeenCalledWith(expect.stringMatching(/^\/lists\//));
});

it('says that it is offline and what waits, beside the account', async () => {
  const { client } = await show();
  expect(within(screen.getByRole('status')).queryByText(/Offline/)).toBeNull();
  client.setStatus({ connection: 'offline', since: Date.now() - 60_000, pending: 3 });
  await waitFor(() =>
    expect(screen.getByRole('status').textContent).toMatch(/Offline since \d\d:\d\d, 3 changes waiting/),
  );
});

it('keeps archived lists within reach, out of the way', async () => {
  const client = offsite();
  client.put(`list:${IDS.reading}`, 'list', IDS.reading, { title: 'Reading', archivedAt: 1, createdAt: 1 });
  await show(client);
  expect(screen.queryByRole('link', { name: /Reading/ })).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: /Archived/ }));
  expect(screen.getByRole('link', { name: /Reading/ })).toBeDefined();
});
