import { screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { IDS, offsite } from '../../../../test/offsite.ts';
import { renderWithApp } from '../../../../test/render-with-app.ts';
import Today from '../../../routes/(app)/today/+page.svelte';

vi.mock('$app/state', () => ({
  page: { url: new URL('http://localhost/today'), params: {}, route: { id: '/(app)/today' } },
}));
vi.mock('$app/navigation', () => ({ goto: vi.fn() }));

const SCOPE = `list:${IDS.offsite}` as const;
const idOf = (n: number): string => `00000000-0000-7000-8000-0000000002${String(n).padStart(2, '0')}`;
const grace = { id: IDS.grace, kind: 'person' };
const frame = (): Promise<unknown> => new Promise((done) => requestAnimationFrame(done));
const focused = () => document.activeElement?.textContent.trim();

/** One task is overdue; of today are, in this order, the train, the agenda and the badges. */
async function open() {
  const client = offsite();
  const { date } = client.get('task', idOf(1))!.value.due!;
  for (const n of [1, 7, 8])
    client.put(SCOPE, 'task', idOf(n), { ...client.get('task', idOf(n))!.value, due: { date } });
  await renderWithApp(Today as never, client, {});
  const row = (name: string): HTMLElement => screen.getByRole('link', { name });
  return { client, row, user: userEvent.setup() };
}

beforeEach(() => document.body.replaceChildren());

describe('when the focused row of a view goes', () => {
  it('ticked, the next row has the keyboard', async () => {
    const { user } = await open();
    screen.getByRole('checkbox', { name: 'Done: Book the train from the airport' }).focus();
    await user.keyboard(' ');
    expect(focused()).toBe('Draft the agenda for the strategy session');
    await user.keyboard('j');
    expect(focused()).toBe('Print name badges');
  });

  it('the last one, the row before has it', async () => {
    const { user } = await open();
    await user.click(screen.getByRole('checkbox', { name: 'Done: Print name badges' }));
    expect(focused()).toBe('Draft the agenda for the strategy session');
  });

  it('completed by someone else, the next row has it', async () => {
    const { client, row } = await open();
    row('Book the train from the airport').focus();
    client.put(SCOPE, 'task', idOf(1), { ...client.get('task', idOf(1))!.value, done: true }, grace);
    await frame();
    await tick();
    expect(focused()).toBe('Draft the agenda for the strategy session');
  });

  it('moved to another group, it keeps it', async () => {
    const { client, row } = await open();
    row('Book the train from the airport').focus();
    const due = client.get('task', idOf(0))!.value.due;
    client.put(SCOPE, 'task', idOf(1), { ...client.get('task', idOf(1))!.value, due }, grace);
    await frame();
    await tick();
    expect(focused()).toBe('Book the train from the airport');
  });

  it('nothing is taken from where the focus is now', async () => {
    const { client, row } = await open();
    row('Book the train from the airport').focus();
    const elsewhere = document.body.appendChild(document.createElement('input'));
    elsewhere.focus();
    client.put(SCOPE, 'task', idOf(1), { ...client.get('task', idOf(1))!.value, done: true }, grace);
    await frame();
    await tick();
    expect(document.activeElement).toBe(elsewhere);
  });
});
