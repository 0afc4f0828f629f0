import { fireEvent, screen, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { IDS, offsite } from '../../../../test/offsite.ts';
import { renderWithApp } from '../../../../test/render-with-app.ts';
import ListView from './list-view.svelte';

vi.mock('$app/state', () => ({
  page: { url: new URL('http://localhost/lists/x'), params: {}, route: { id: '/(app)/lists/[id]' } },
}));
const goto = vi.hoisted(() => vi.fn());
vi.mock('$app/navigation', () => ({ goto }));

const SCOPE = `list:${IDS.offsite}` as const;
const idOf = (n: number): string => `00000000-0000-7000-8000-0000000002${String(n).padStart(2, '0')}`;
const grace = { id: IDS.grace, kind: 'person' };
const frame = (): Promise<unknown> => new Promise((done) => requestAnimationFrame(done));

async function open(change?: (client: ReturnType<typeof offsite>) => void) {
  const client = offsite();
  change?.(client);
  const onopen = vi.fn();
  const props = $state<{ listId: string; onopen: typeof onopen }>({ listId: IDS.offsite, onopen });
  const view = await renderWithApp(ListView as never, client, props);
  const show = (listId: string): Promise<void> => {
    props.listId = listId;
    return tick();
  };
  const user = userEvent.setup();
  const titles = (): string[] =>
    screen
      .getAllByRole('row')
      .flatMap((row) => (row.dataset.taskId ? [row.querySelector('.words, textarea')?.textContent ?? ''] : []));
  const row = (title: string): HTMLElement => screen.getByText(title).closest<HTMLElement>('[role=row]')!;
  const focus = async (title: string): Promise<void> => {
    row(title).focus();
    await tick();
  };
  const sent = () => client.sent.map(({ name, args }) => ({ name, ...args }));
  return { ...view, client, focus, onopen, row, sent, show, titles, user };
}

beforeEach(() => {
  document.body.replaceChildren();
  goto.mockClear();
});

describe('the list', () => {
  it('is a treegrid with one tab stop and true counts', async () => {
    const { row } = await open();
    const grid = screen.getByRole('treegrid', { name: 'Tasks of Lisbon offsite' });
    expect(grid.getAttribute('aria-rowcount')).toBe('10');
    expect(grid.querySelectorAll('[role=row][tabindex="0"]')).toHaveLength(1);
    expect(grid.querySelectorAll('[role=row] [tabindex="0"]')).toHaveLength(0);
    expect(row('Ask Marta about gluten').getAttribute('aria-level')).toBe('2');
    expect(row('Collect diets and allergies from everyone').getAttribute('aria-expanded')).toBe('true');
    expect(screen.getByText('12 done').closest('[role=row]')?.getAttribute('aria-expanded')).toBe('false');
  });

  it('draws a small part of 2,000 tasks', async () => {
    await open((client) => {
      const like = client.get('task', idOf(0))!;
      for (let n = 0; n < 2_000; n++) {
        const id = `00000000-0000-7000-8000-1${String(n).padStart(11, '0')}`;
        client.put(SCOPE, 'task', id, { ...like.value, title: `Number ${n}`, pos: `z${String(n).padStart(5, '0')}1` });
      }
    });
    expect(screen.getByRole('treegrid').getAttribute('aria-rowcount')).toBe('2010');
    expect(screen.getAllByRole('row').length).toBeLessThan(60);
  });

  it('does what its keys say', async () => {
    const { focus, onopen, sent, user } = await open();
    await focus('Book the train from the airport');
    await user.keyboard('j');
    expect(document.activeElement?.textContent).toContain('Collect diets');
    await user.keyboard('{ArrowUp}{Enter}');
    expect(onopen).toHaveBeenCalledWith(idOf(1));
    await user.keyboard(' ');
    expect(sent().at(-1)).toEqual({ name: 'task.complete', id: idOf(1), done: true });
    expect(screen.getByText('Completed: Book the train from the airport')).toBeTruthy();
  });

  it('moves among siblings, in and out, in the list’s own order', async () => {
    const { focus, sent, user } = await open();
    await focus('Print name badges');
    await user.keyboard('{Alt>}{ArrowUp}{/Alt}');
    expect(sent().at(-1)).toEqual({ name: 'task.place', id: idOf(8), after: idOf(6), parentId: null });
    await user.keyboard('>');
    expect(sent().at(-1)).toEqual({ name: 'task.place', id: idOf(8), after: idOf(6), parentId: idOf(6) });
    await user.keyboard('<');
    expect(sent().at(-1)).toEqual({ name: 'task.place', id: idOf(8), after: idOf(6), parentId: null });
    expect(document.activeElement?.textContent).toContain('Print name badges');
  });

  it('leaves single letters alone where they are off', async () => {
    const { focus, sent, user } = await open((client) => {
      client.put(`user:${IDS.ada}`, 'settings', IDS.ada, {
        locale: null,
        zone: null,
        weekStart: 1,
        theme: 'system',
        singleKeys: false,
        shareMails: true,
      });
    });
    await focus('Print name badges');
    await user.keyboard('x');
    expect(screen.queryByText('1 selected')).toBeNull();
    await user.keyboard('{Delete}');
    expect(sent().at(-1)).toEqual({ name: 'task.delete', id: idOf(8) });
  });

  it('acts on all that is selected', async () => {
    const { focus, sent, user } = await open();
    await focus('Reserve a table for 14 near Alfama');
    await user.keyboard('x{ArrowDown}x');
    expect(screen.getByText('2 selected')).toBeTruthy();
    await user.keyboard('{Delete}');
    expect(sent().slice(-2)).toEqual([
      { name: 'task.delete', id: idOf(5) },
      { name: 'task.delete', id: idOf(6) },
    ]);
    expect(screen.queryByText('2 selected')).toBeNull();
  });

  it('keeps typed tasks in the order they were typed', async () => {
    const { titles, user } = await open();
    await user.click(screen.getByRole('textbox', { name: 'New task' }));
    await user.keyboard('milk{Enter}');
    await vi.waitFor(() => expect(titles()[0]).toBe('milk'));
    await user.keyboard('eggs{Enter}');
    await vi.waitFor(() => expect(titles().slice(0, 2)).toEqual(['milk', 'eggs']));
  });

  it('keeps a half-written task in the list that it is for', async () => {
    const field = () => screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'New task' });
    const { show, user } = await open();
    await user.type(field(), 'Half a task');
    await show(IDS.home);
    expect(field().value).toBe('');
    await show(IDS.offsite);
    expect(field().value).toBe('Half a task');
  });

  it('edits a title in place; Esc brings the old one back', async () => {
    const { focus, sent, user } = await open();
    await focus('Print name badges');
    await user.keyboard('e');
    await user.keyboard(' for all{Enter}');
    expect(sent().at(-1)).toEqual({ name: 'task.update', id: idOf(8), fields: { title: 'Print name badges for all' } });
    const count = sent().length;
    await user.keyboard('e');
    await user.keyboard(' never{Escape}');
    expect(sent()).toHaveLength(count);
  });
});

describe('others', () => {
  it('cannot take the focus from a row, nor the caret from its field, by moving it', async () => {
    const { client, focus, user } = await open();
    await focus('Print name badges');
    const first = client.get('task', idOf(0))!;
    client.put(SCOPE, 'task', idOf(8), { ...client.get('task', idOf(8))!.value, pos: '0001' }, grace);
    await frame();
    await tick();
    expect(document.activeElement?.textContent).toContain('Print name badges');
    await user.keyboard('e');
    await user.keyboard(' two');
    client.put(SCOPE, 'task', idOf(8), { ...client.get('task', idOf(8))!.value, pos: `${first.value.pos}zz` }, grace);
    await frame();
    await tick();
    expect(document.activeElement).toBeInstanceOf(HTMLTextAreaElement);
    expect((document.activeElement as HTMLTextAreaElement).value).toBe('Print name badges two');
  });

  it('may delete what one edits: it stays with its words until the field is left', async () => {
    const { app, client, focus, sent, user } = await open();
    await focus('Print name badges');
    await user.keyboard('e');
    await user.keyboard(' and more');
    client.del('task', idOf(8), grace);
    await frame();
    await tick();
    expect((document.activeElement as HTMLTextAreaElement).value).toBe('Print name badges and more');
    expect(screen.getByText(/Deleted by someone else/)).toBeTruthy();
    await user.keyboard('{Enter}');
    const toast = app.toasts.shown.at(-1);
    expect(toast?.text).toContain('Print name badges and more');
    toast?.action?.run();
    expect(sent().slice(-2)).toEqual([
      { name: 'task.restore', id: idOf(8) },
      { name: 'task.update', id: idOf(8), fields: { title: 'Print name badges and more' } },
    ]);
  });

  it('show where they are, and what they changed', async () => {
    const { client, row } = await open();
    client.whoIs.set(SCOPE, [{ id: IDS.grace, state: { taskId: idOf(8), typing: true } }]);
    client.presence.set(SCOPE, {});
    client.put(SCOPE, 'task', idOf(7), { ...client.get('task', idOf(7))!.value, title: 'Draft it' }, grace);
    await frame();
    await tick();
    expect(within(row('Print name badges')).getByRole('img', { name: 'Grace Hopper is typing here' })).toBeTruthy();
    expect(row('Draft it').querySelector('.glow')).not.toBeNull();
  });
});

describe('rights and emptiness', () => {
  it('shows a viewer all and lets them change nothing', async () => {
    const { focus, sent, user } = await open((client) => {
      client.put(SCOPE, 'member', IDS.ada, { role: 'viewer' });
      client.put(`user:${IDS.ada}`, 'membership', IDS.offsite, { role: 'viewer', pos: 'a', muted: false, seenSeq: 1 });
    });
    expect(screen.queryByRole('textbox', { name: 'New task' })).toBeNull();
    expect(screen.getByText('View only')).toBeTruthy();
    const before = sent().length;
    await focus('Print name badges');
    await user.keyboard(' e{Delete}d>');
    await fireEvent.click(screen.getByRole('checkbox', { name: 'Complete Print name badges' }));
    expect(sent()).toHaveLength(before);
    expect(screen.getByText('You can view this list, but not change it.')).toBeTruthy();
  });

  it('says what quick add understands where there is nothing', async () => {
    const { app, show } = await open();
    await show(IDS.reading);
    expect(screen.getByText('friday 5pm')).toBeTruthy();
    expect(app.layout.isAgentOpen).toBe(true);
    await fireEvent.click(screen.getByRole('button', { name: 'Ask the agent to plan it' }));
    expect(app.layout.asking).toEqual({ words: 'Plan “Reading” in a few steps' });
  });

  it('unfolds the done tasks through the address', async () => {
    const { focus: _, user } = await open();
    await user.click(screen.getByText('12 done'));
    expect(goto).toHaveBeenCalledWith('/lists/x?done=1', expect.anything());
  });
});
