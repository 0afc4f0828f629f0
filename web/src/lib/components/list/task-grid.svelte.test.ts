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

const SCOPE = `list:${IDS.offsite}` as const;
const grace = { id: IDS.grace, kind: 'person' };
const frame = (): Promise<unknown> => new Promise((done) => requestAnimationFrame(done));
const idOf = (n: number): string => `00000000-0000-7000-8000-0000000002${String(n).padStart(2, '0')}`;

async function open(change?: (client: ReturnType<typeof offsite>) => void) {
  const client = offsite();
  change?.(client);
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

describe('when the focused row goes', () => {
  const focused = (): string | undefined =>
    document.activeElement?.closest<HTMLElement>('[role=row]')?.querySelector('.words, .num')?.textContent.trim();
  const gone = (title: string) => vi.waitFor(() => expect(screen.queryByText(title)).toBeNull(), 5_000);

  it('completed by key, the next row has the keyboard', async () => {
    const { focus, user } = await open();
    await focus('Reserve a table for 14 near Alfama');
    await user.keyboard(' ');
    expect(focused()).toBe('Reserve a table for 14 near Alfama');
    await gone('Reserve a table for 14 near Alfama');
    expect(focused()).toBe('Tour of the tile museum, morning of day two');
    await user.keyboard('j');
    expect(focused()).toBe('Draft the agenda for the strategy session');
  });

  it('with its sub-tasks, the row behind them has it', async () => {
    const { focus, user } = await open();
    await focus('Collect diets and allergies from everyone');
    await user.keyboard(' ');
    await gone('Answer the caterer');
    expect(focused()).toBe('Reserve a table for 14 near Alfama');
  });

  it('ticked by mouse, the next row has it', async () => {
    const { user } = await open();
    await user.click(screen.getByRole('checkbox', { name: 'Complete Print name badges' }));
    await gone('Print name badges');
    expect(focused()).toBe('13 done');
    await user.keyboard('k');
    expect(focused()).toBe('Draft the agenda for the strategy session');
  });

  it('the last of all, what came in its place has it', async () => {
    const { focus, user } = await open((client) => {
      for (const { id } of client.all(SCOPE, 'task')) if (id !== idOf(8)) client.del('task', id);
    });
    await focus('Print name badges');
    await user.keyboard(' ');
    await gone('Print name badges');
    expect(focused()).toBe('1 done');
  });

  it('deleted by someone else, the next row has it, and none of the rows above moves', async () => {
    const { client, focus, row, user } = await open();
    await focus('Reserve a table for 14 near Alfama');
    const above = row('Answer the caterer').style.transform;
    const place = row('Reserve a table for 14 near Alfama').style.transform;
    client.del('task', idOf(5), grace);
    await frame();
    await tick();
    expect(focused()).toBe('Tour of the tile museum, morning of day two');
    expect(row('Answer the caterer').style.transform).toBe(above);
    expect(row('Tour of the tile museum, morning of day two').style.transform).toBe(place);
    // It is the grid's own row now, also once the other one is back.
    client.put(SCOPE, 'task', idOf(5), { ...client.get('task', idOf(6))!.value, title: 'Back again' }, grace);
    await frame();
    await tick();
    await user.keyboard('{Delete}');
    expect(client.sent.at(-1)?.args).toEqual({ id: idOf(6) });
  });

  it('nothing is taken from a field elsewhere, and Tab comes back to the place', async () => {
    const { client, focus, row, user } = await open();
    await focus('Reserve a table for 14 near Alfama');
    await user.keyboard(' ');
    const field = screen.getByRole('textbox', { name: 'New task' });
    await user.click(field);
    await gone('Reserve a table for 14 near Alfama');
    client.del('task', idOf(6), grace);
    await frame();
    await tick();
    expect(document.activeElement).toBe(field);
    expect(row('Draft the agenda for the strategy session').tabIndex).toBe(0);
  });

  it('with its whole list, for another one, that begins at its first row', async () => {
    const { focus, rerender } = await open((client) => {
      const { value } = client.get('task', idOf(50))!;
      client.put(`list:${IDS.home}`, 'task', idOf(62), { ...value, title: 'Done at home', done: true });
    });
    await focus('Reserve a table for 14 near Alfama');
    await rerender({ props: { props: { listId: IDS.home, onopen: vi.fn() } } });
    expect(screen.getByText('1 done')).toBeTruthy();
    expect(focused()).toBe('Thing at home 1');
  });

  it('reopened in time, it keeps it', async () => {
    const { focus, user } = await open();
    await focus('Reserve a table for 14 near Alfama');
    await user.keyboard('  ');
    await new Promise((done) => setTimeout(done, 800));
    expect(focused()).toBe('Reserve a table for 14 near Alfama');
  });
});
