import type { Conflict } from '@muster/protocol/http-conflicts';
import { cleanup, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { FakeClient } from '../../../../test/fake-client.ts';
import { IDS, offsite } from '../../../../test/offsite.ts';
import { renderWithApp } from '../../../../test/render-with-app.ts';
import ConflictsDialog from './conflicts-dialog.svelte';

vi.mock('$app/navigation', () => ({ goto: vi.fn() }));

let client: FakeClient;
let stored: Conflict[];
let isAway: boolean;

const taskId = (): string => client.all(`list:${IDS.offsite}`, 'task')[0]!.id;
const conflict = (n: number, more: Partial<Conflict> = {}): Conflict => ({
  id: `list:${IDS.offsite}/${n}/0`,
  listId: IDS.offsite,
  listTitle: 'Team offsite',
  taskId: taskId(),
  taskTitle: `Task ${n}`,
  field: 'title',
  yours: 'Book the night train',
  theirs: 'Book the early train',
  by: { id: IDS.grace, kind: 'person' },
  seq: n,
  at: Date.UTC(2026, 10, 20, 14, 2),
  canRestore: true,
  ...more,
});

beforeEach(() => {
  client = offsite();
  isAway = false;
  vi.stubGlobal('fetch', (_url: string, init: RequestInit) => {
    if (isAway) return Promise.reject(new TypeError('refused'));
    const body = init.body ? (JSON.parse(init.body as string) as { ids?: string[] }) : undefined;
    if (body) stored = body.ids ? stored.filter(({ id }) => !body.ids?.includes(id)) : [];
    const page = { items: stored, total: stored.length, profiles: {} };
    return Promise.resolve(new Response(JSON.stringify(page)));
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

async function show(...items: Conflict[]) {
  stored = items;
  const { app } = await renderWithApp(ConflictsDialog as never, client, { onclose: vi.fn() });
  return app;
}
const entry = (title: string): HTMLElement => screen.getByText(title).closest('li') as HTMLElement;

it('shows both, by whom, with what differs marked', async () => {
  const app = await show(conflict(1), conflict(2, { field: 'due', yours: { date: '2026-12-24' }, theirs: null }));
  await screen.findByText('Task 1');
  expect(within(entry('Task 1')).getByText('Grace Hopper')).toBeDefined();
  const marks = [...entry('Task 1').querySelectorAll('mark')].map((mark) => mark.textContent);
  expect(marks).toEqual(['night', 'early']);
  expect(entry('Task 2').textContent).toContain('24 Dec');
  expect(entry('Task 2').textContent).toContain('No date');
  expect(app.overwritten.count).toBe(2);
});

it('restores mine as an edit that can be undone, and then it is seen to', async () => {
  const app = await show(conflict(1), conflict(2));
  const before = client.get('task', taskId())!.value.title;
  await userEvent.click(
    within((await screen.findByText('Task 1')).closest('li')!).getByRole('button', { name: 'Restore mine' }),
  );
  expect(client.get('task', taskId())?.value.title).toBe('Book the night train');
  await vi.waitFor(() => expect(screen.queryByText('Task 1')).toBeNull());
  expect(stored.map(({ seq }) => seq)).toEqual([2]);
  expect(app.overwritten.count).toBe(1);
  await vi.waitFor(() => expect(app.undo.next.undo).toBe(`Renamed “${before}”`));
});

it('keeps theirs, one by one or all, and says when there is nothing left', async () => {
  const app = await show(conflict(1), conflict(2), conflict(3));
  await userEvent.click(
    within((await screen.findByText('Task 2')).closest('li')!).getByRole('button', { name: 'Keep theirs' }),
  );
  await vi.waitFor(() => expect(screen.queryByText('Task 2')).toBeNull());
  expect(client.sent).toEqual([]);
  await userEvent.click(screen.getByRole('button', { name: 'Keep all of theirs' }));
  await screen.findByText(/^Nothing of yours was overwritten/u);
  expect(app.overwritten.count).toBe(0);
});

it('offers no restoring where the task is gone or may not be changed', async () => {
  await show(conflict(1, { taskTitle: null, canRestore: false }));
  await screen.findByText('A task that is gone');
  expect(screen.queryByRole('button', { name: 'Restore mine' })).toBeNull();
  expect(screen.getByRole('button', { name: 'Dismiss' })).toBeDefined();
});

it('says so where the server is away, and loses nothing', async () => {
  await show(conflict(1));
  await screen.findByText('Task 1');
  isAway = true;
  await userEvent.click(screen.getByRole('button', { name: 'Keep theirs' }));
  await screen.findByText(/cannot be reached/u);
  expect(screen.getByText('Task 1')).toBeDefined();
});
