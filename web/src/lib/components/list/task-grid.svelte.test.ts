import { screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { IDS, offsite } from '../../../../test/offsite.ts';
import { renderWithApp } from '../../../../test/render-with-app.ts';
import ListView from './list-view.svelte';

vi.mock('$app/state', () => ({
  page: { url: new URL('http://localhost/lists/x'), params: {}, route: { id: '/(app)/lists/[id]' } },
}));
vi.mock('$app/navigation', () => ({ goto: vi.fn() }));

const idOf = (n: number): string => `00000000-0000-7000-8000-0000000002${String(n).padStart(2, '0')}`;

async function open() {
  const client = offsite();
  const view = await renderWithApp(ListView as never, client, { listId: IDS.offsite, onopen: vi.fn() });
  const user = userEvent.setup();
  const row = (title: string): HTMLElement => screen.getByText(title).closest<HTMLElement>('[role=row]')!;
  const focus = async (title: string): Promise<void> => {
    row(title).focus();
    await tick();
  };
  const lastSent = () => {
    const { name, args } = client.sent.at(-1)!;
    return { name, ...args };
  };
  return { ...view, client, focus, lastSent, row, user };
}

beforeEach(() => document.body.replaceChildren());

describe('after a click inside a row, its keys', () => {
  it('act on the task whose box was clicked', async () => {
    const { lastSent, user } = await open();
    await user.click(screen.getByRole('checkbox', { name: 'Complete Answer the caterer' }));
    await user.keyboard(' ');
    expect(lastSent()).toEqual({ name: 'task.complete', id: idOf(4), done: false });
    await user.keyboard('{Delete}');
    expect(lastSent()).toEqual({ name: 'task.delete', id: idOf(4) });
  });

  it('act on the task whose sub-tasks were folded', async () => {
    const { lastSent, row, user } = await open();
    await user.click(screen.getByTitle('Fold the sub-tasks'));
    expect(row('Collect diets and allergies from everyone').tabIndex).toBe(0);
    await user.keyboard('{Delete}');
    expect(lastSent()).toEqual({ name: 'task.delete', id: idOf(2) });
  });

  it('select from the row that was clicked before', async () => {
    const { row, user } = await open();
    await user.click(row('Reserve a table for 14 near Alfama'));
    await user.keyboard('{Shift>}');
    await user.click(row('Draft the agenda for the strategy session'));
    await user.keyboard('{/Shift}');
    expect(screen.getByText('3 selected')).toBeTruthy();
  });

  it('select from the row whose box was clicked', async () => {
    const { row, user } = await open();
    await user.click(screen.getByRole('checkbox', { name: 'Complete Answer the caterer' }));
    await user.keyboard('{Shift>}{ArrowDown}{/Shift}');
    expect(row('Answer the caterer').ariaSelected).toBe('true');
    expect(screen.getByText('2 selected')).toBeTruthy();
  });
});

describe('after g on a row', () => {
  async function listen() {
    const opened = await open();
    const went: string[] = [];
    for (const action of ['go-list', 'go-agent'] as const) opened.app.keys.on(action, () => went.push(action));
    const handle = (event: KeyboardEvent): void => opened.app.keys.handle(event);
    window.addEventListener('keydown', handle);
    onTestFinished(() => window.removeEventListener('keydown', handle));
    await opened.focus('Print name badges');
    // The row stands out as soon as something is picked for it: the picker's own code comes later.
    const isPicking = (title: string): boolean => opened.row(title).querySelector('.open') !== null;
    return { ...opened, isPicking, went };
  }

  it.each([
    ['l', 'go-list'],
    ['a', 'go-agent'],
  ])('%s goes where the page says, and opens no picker', async (letter, action) => {
    const { isPicking, user, went } = await listen();
    await user.keyboard(`g${letter}`);
    expect(went).toEqual([action]);
    expect(isPicking('Print name badges')).toBe(false);
  });

  it('a key of the row does what it does, and the letter after it too', async () => {
    const { isPicking, user, went } = await listen();
    await user.keyboard('gk');
    expect(document.activeElement?.textContent).toContain('Draft the agenda');
    await user.keyboard('l');
    expect(went).toEqual([]);
    expect(isPicking('Draft the agenda for the strategy session')).toBe(true);
  });

  it('Ctrl A selects all', async () => {
    const { user, went } = await listen();
    await user.keyboard('g{Control>}a{/Control}');
    expect(screen.getByText('9 selected')).toBeTruthy();
    expect(went).toEqual([]);
  });
});
