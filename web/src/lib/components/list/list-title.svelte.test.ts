import { screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { IDS, offsite } from '../../../../test/offsite.ts';
import { renderWithApp } from '../../../../test/render-with-app.ts';
import ListView from './list-view.svelte';

vi.mock('$app/state', () => ({
  page: { url: new URL('http://localhost/lists/x'), params: {}, route: { id: '/(app)/lists/[id]' } },
}));
vi.mock('$app/navigation', () => ({ goto: vi.fn() }));

const SCOPE = `list:${IDS.offsite}` as const;
const grace = { id: IDS.grace, kind: 'person' };
const frame = () => new Promise((done) => requestAnimationFrame(done));

async function open() {
  const client = offsite();
  await renderWithApp(ListView as never, client, { listId: IDS.offsite, onopen: vi.fn() });
  const user = userEvent.setup();
  await user.click(screen.getByRole('button', { name: 'Lisbon offsite' }));
  return { client, user, field: () => screen.getByRole('textbox', { name: 'Name of the list' }) };
}
beforeEach(() => document.body.replaceChildren());

describe('the name of a list that is edited', () => {
  it('leaves the focus where one has gone, and takes it back where one has not', async () => {
    const { client, user } = await open();
    const elsewhere = screen.getByRole('textbox', { name: 'New task' });
    await user.click(elsewhere);
    await frame();
    await frame();
    expect(document.activeElement).toBe(elsewhere);
    await user.click(screen.getByRole('button', { name: 'Lisbon offsite' }));
    await user.keyboard(' 2{Enter}');
    await frame();
    await frame();
    expect(client.sent.at(-1)).toMatchObject({ name: 'list.rename', args: { title: 'Lisbon offsite 2' } });
    const name = await screen.findByRole('button', { name: 'Lisbon offsite 2' });
    await vi.waitFor(() => expect(document.activeElement).toBe(name));
  });

  it('does not write an old name over somebody else’s where nothing was typed', async () => {
    const { client, user, field } = await open();
    client.put(
      SCOPE,
      'list',
      IDS.offsite,
      { ...client.get('list', IDS.offsite)!.value, title: 'Porto offsite' },
      grace,
    );
    await tick();
    expect((field() as HTMLTextAreaElement).value).toBe('Lisbon offsite');
    await user.keyboard('{Enter}');
    expect(await screen.findByRole('button', { name: 'Porto offsite' })).toBeTruthy();
    expect(client.sent).toEqual([]);
  });
});

it('a row’s title that is edited does the same, and says from where on it had not been seen', async () => {
  const client = offsite();
  await renderWithApp(ListView as never, client, { listId: IDS.offsite, onopen: vi.fn() });
  const user = userEvent.setup();
  const [task] = client.all(SCOPE, 'task').filter(({ value }) => value.title === 'Ask Marta about gluten');
  const edit = async () => {
    screen.getByText(/Marta/u).closest<HTMLElement>('[role=row]')!.focus();
    await user.keyboard('e');
    return screen.getByRole('textbox', { name: 'Title' });
  };
  await edit();
  client.put(SCOPE, 'task', task!.id, { ...task!.value, title: 'Ask Marta again' }, grace);
  await user.keyboard('{Enter}');
  expect(await screen.findByText('Ask Marta again')).toBeTruthy();
  expect(client.sent).toEqual([]);
  client.seqs.set(SCOPE, 7);
  await edit();
  client.seqs.set(SCOPE, 8);
  await user.keyboard(' soon{Enter}');
  const fields = { title: 'Ask Marta again soon' };
  expect(client.sent).toEqual([{ name: 'task.update', args: { id: task!.id, fields }, base: 7 }]);
});
