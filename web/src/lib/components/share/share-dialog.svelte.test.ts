import { cleanup, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { IDS, offsite } from '../../../../test/offsite.ts';
import { renderWithApp } from '../../../../test/render-with-app.ts';
import ShareDialog from './share-dialog.svelte';

vi.mock('$app/navigation', () => ({ goto: vi.fn() }));

const asked: { method: string; path: string; body: unknown }[] = [];
let answers: Record<string, { status?: number; body?: unknown }>;
const LINK = { id: 'l1', role: 'viewer', secret: 'abcdefghijklmnop', url: '', createdAt: 0, expiresAt: null, uses: 2 };

beforeEach(() => {
  asked.length = 0;
  answers = {
    'GET members': {
      body: {
        items: [
          { userId: IDS.grace, name: 'Grace', role: 'editor', email: 'grace@example.com', image: null, kind: 'person' },
        ],
      },
    },
    'GET invitations': {
      body: { items: [{ id: 'i1', email: 'marta@example.com', role: 'viewer', expiresAt: 1, mail: 'failed' }] },
    },
    'GET links': { body: { items: [LINK] } },
  };
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    const path = new URL(url).pathname.replace(`/api/v1/lists/${IDS.offsite}/`, '');
    const method = init.method ?? 'GET';
    asked.push({ method, path, body: init.body ? (JSON.parse(String(init.body)) as unknown) : undefined });
    const { status = 200, body = {} } = answers[`${method} ${path}`] ?? { status: method === 'DELETE' ? 204 : 200 };
    return Promise.resolve(new Response(status === 204 ? null : JSON.stringify(body), { status }));
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const show = (client = offsite()) =>
  renderWithApp(ShareDialog as never, client, { listId: IDS.offsite, onclose: vi.fn() });

it('shows an owner who has access, with addresses, invitations and links', async () => {
  await show();
  const members = await screen.findByRole('list', { name: 'Members' });
  await waitFor(() => expect(members.textContent).toContain('grace@example.com'));
  expect(members.textContent).toContain('Ada Lovelace');
  expect(members.textContent).toContain('marta@example.com');
  expect(screen.getByRole('list', { name: 'Links' }).textContent).toContain('Until you end it · used twice');
});

it('invites with the role that was chosen, and says in words what it may do', async () => {
  await show();
  await userEvent.selectOptions(await screen.findByLabelText('What they may do'), 'viewer');
  expect(screen.getByText('Sees the list live, and changes nothing.')).toBeDefined();
  await userEvent.type(screen.getByLabelText('E-mail address to invite'), 'linus@example.com{Enter}');
  await screen.findByText(/linus@example.com is invited/);
  expect(asked).toContainEqual({
    method: 'POST',
    path: 'members',
    body: { email: 'linus@example.com', role: 'viewer' },
  });
});

it('says what went wrong and keeps the address', async () => {
  answers['POST members'] = { status: 429, body: { code: 'rate_limited', detail: 'Too many.' } };
  await show();
  const field = await screen.findByLabelText<HTMLInputElement>('E-mail address to invite');
  await userEvent.type(field, 'linus@example.com{Enter}');
  expect((await screen.findByRole('alert')).textContent).toContain('Wait a little');
  expect(field.value).toBe('linus@example.com');
});

it('makes a link that ends when it was asked to', async () => {
  answers['POST links'] = { body: { ...LINK, id: 'l2', role: 'editor' } };
  await show();
  await userEvent.selectOptions(await screen.findByLabelText('How long the link lasts'), '');
  await userEvent.click(screen.getByRole('button', { name: 'Make link' }));
  await waitFor(() =>
    expect(asked).toContainEqual({ method: 'POST', path: 'links', body: { role: 'editor', expiresAt: null } }),
  );
  await waitFor(() =>
    expect(within(screen.getByRole('list', { name: 'Links' })).getAllByRole('listitem')).toHaveLength(2),
  );
});

it('lets who is no owner see the members, and asks the server for nothing', async () => {
  const client = offsite();
  client.put(`list:${IDS.offsite}`, 'member', IDS.ada, { role: 'viewer' });
  client.put(`list:${IDS.offsite}`, 'member', IDS.grace, { role: 'owner' });
  await show(client);
  expect(await screen.findByText(/You can view this list/)).toBeDefined();
  expect(screen.queryByLabelText('E-mail address to invite')).toBeNull();
  expect(asked).toEqual([]);
});
