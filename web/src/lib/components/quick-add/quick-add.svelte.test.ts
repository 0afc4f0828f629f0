import { fireEvent, render, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { loadFindDates } from '#lib/quick-add/load-find-dates.ts';
import type { QuickAddEntry } from '#lib/quick-add/types.ts';
import QuickAdd from './quick-add.svelte';

const props = {
  members: [
    { id: 'g', name: 'Grace Hopper' },
    { id: 'l', name: 'Linus T.' },
  ],
  labels: [{ id: 't', name: 'travel' }],
  zone: 'Europe/Berlin',
  weekStart: 1,
};

async function open() {
  await loadFindDates();
  const added: QuickAddEntry[][] = [];
  const view = render(QuickAdd, { ...props, onadd: (entries: QuickAddEntry[]) => added.push(entries) });
  const field = screen.getByRole('textbox', { name: 'New task' }) as HTMLTextAreaElement;
  const user = userEvent.setup();
  await user.click(field);
  await vi.waitFor(() => expect(field).toBe(document.activeElement));
  const tints = (): string[] => [...view.container.querySelectorAll('mark')].map((mark) => mark.textContent ?? '');
  return { added, field, tints, user };
}

describe('quick add', () => {
  beforeEach(() => document.body.replaceChildren());

  it('tints what it understands, adds with Enter, and stays', async () => {
    const { added, field, tints, user } = await open();
    await user.type(field, 'Confirm the boat tomorrow 5pm @grace !high');
    expect(tints()).toEqual(['tomorrow 5pm', '@grace', '!high']);
    await user.keyboard('{Enter}');
    expect(added[0]?.[0]?.parsed).toMatchObject({
      title: 'Confirm the boat',
      assigneeIds: ['g'],
      priority: 'high',
      due: { time: '17:00' },
    });
    expect(field.value).toBe('');
    expect(document.activeElement).toBe(field);
    expect(screen.getByText('Added: Confirm the boat')).toBeTruthy();
  });

  it('submits nothing while a word is being composed', async () => {
    const { added, field, user } = await open();
    await user.type(field, 'にほん');
    await fireEvent.keyDown(field, { key: 'Enter', isComposing: true });
    await fireEvent.keyDown(field, { key: 'Enter', keyCode: 229 });
    expect(added).toEqual([]);
    expect(field.value).toBe('にほん');
  });

  it('makes a tint plain with Backspace, and only the next one deletes', async () => {
    const { added, field, tints, user } = await open();
    await user.type(field, 'Call sunday');
    expect(tints()).toEqual(['sunday']);
    await user.keyboard('{Backspace}');
    expect(tints()).toEqual([]);
    expect(field.value).toBe('Call sunday');
    await user.keyboard('{Enter}');
    expect(added[0]?.[0]?.parsed).toMatchObject({ title: 'Call sunday', due: null });
  });

  it('makes a tint plain with one click on it', async () => {
    const { field, tints, user } = await open();
    await user.type(field, 'Call sunday #travel');
    await user.keyboard(' ');
    field.setSelectionRange(8, 8);
    await fireEvent.click(field);
    expect(tints()).toEqual(['#travel']);
  });

  it('completes people and labels by keyboard', async () => {
    const { added, field, user } = await open();
    await user.type(field, 'Call @li');
    expect(screen.getByRole('option', { name: /Linus/ })).toBeTruthy();
    await user.keyboard('{Enter}');
    expect(field.value).toBe('Call @Linus T. ');
    expect(added).toEqual([]);
    await user.keyboard('#tr{Tab}{Enter}');
    expect(added[0]?.[0]?.parsed).toMatchObject({ title: 'Call', assigneeIds: ['l'], labelIds: ['t'] });
  });

  it('adds at once where it is clear already who is meant', async () => {
    const { added, field, user } = await open();
    await user.type(field, 'Call @grace{Enter}');
    expect(added[0]?.[0]?.parsed).toMatchObject({ title: 'Call', assigneeIds: ['g'] });
  });

  it('asks before several lines become several tasks', async () => {
    const { added, field, user } = await open();
    await user.paste('- milk tomorrow\n- [x] eggs\n  - brown ones');
    expect(added).toEqual([]);
    expect((await screen.findByRole('alertdialog')).textContent).toContain('3 tasks');
    await user.click(screen.getByRole('button', { name: 'Add 3 tasks' }));
    await vi.waitFor(() => expect(added).toHaveLength(1));
    expect(added[0]?.map(({ parsed, done, isChild }) => [parsed.title, done, isChild])).toEqual([
      ['milk', false, false],
      ['eggs', true, false],
      ['brown ones', false, true],
    ]);
    expect(field.value).toBe('');
  });

  it('joins several lines where one is wanted, and pastes one line as it is', async () => {
    const { added, field, user } = await open();
    await user.paste('one\ntwo');
    await user.click(await screen.findByRole('button', { name: 'Paste as one line' }));
    expect(field.value).toBe('one two');
    await user.clear(field);
    await user.paste('just one\n');
    expect(field.value).toBe('just one');
    expect(added).toEqual([]);
  });
});
