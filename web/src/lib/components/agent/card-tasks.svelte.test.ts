import { screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import type { Stored } from '@muster/protocol/entity';
import { expect, it, vi } from 'vitest';
import { IDS, offsite } from '../../../../test/offsite.ts';
import { renderWithApp } from '../../../../test/render-with-app.ts';
import CardTasks from './card-tasks.svelte';

const titles = () => screen.getAllByRole('listitem').map((item) => item.textContent.trim());

async function show(count: number, canEdit = true) {
  const client = offsite();
  const [like] = client.all(`list:${IDS.offsite}`, 'task');
  const tasks = Array.from({ length: count }, (_, n) => ({
    ...like!,
    id: `task ${n}`,
    value: { ...like!.value, title: `Task ${n}`, due: null, priority: 'none' },
  })) as Stored<'task'>[];
  await renderWithApp(CardTasks as never, client, { tasks, canEdit: () => canEdit, onopen: vi.fn() });
  return userEvent.setup();
}

it('shows eight, and the rest to whoever asks', async () => {
  const user = await show(11);
  expect(titles()).toHaveLength(8);
  await user.click(screen.getByRole('button', { name: 'Show 3 more' }));
  expect(titles()).toEqual(Array.from({ length: 11 }, (_, n) => `Task ${n}`));
  expect(screen.queryByRole('button', { name: /more$/u })).toBeNull();
});

it.each([
  ['may change them', true, 'Complete Task 8'],
  ['may only read', false, 'Task 8'],
])('whoever asks by key goes on at the first that came, where they %s', async (_, canEdit, name) => {
  const user = await show(9, canEdit);
  screen.getByRole('button', { name: 'Show 1 more' }).focus();
  await user.keyboard('{Enter}');
  const first = () => screen.getByRole(canEdit ? 'checkbox' : 'button', { name });
  await vi.waitFor(() => expect(document.activeElement).toBe(first()));
});

it('asks nothing where there are no more', async () => {
  await show(8);
  expect(titles()).toHaveLength(8);
  expect(screen.queryByRole('button', { name: /more$/u })).toBeNull();
});
