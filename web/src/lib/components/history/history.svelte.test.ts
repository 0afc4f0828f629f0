import type { PastChange, PastEffect } from '@muster/protocol/http-history';
import { AGENT_ID } from '@muster/protocol/principal';
import { cleanup, screen, waitFor, within } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { IDS, offsite } from '../../../../test/offsite.ts';
import { renderWithApp } from '../../../../test/render-with-app.ts';
import ListHistory from './list-history.svelte';
import ListThen from './list-then.svelte';
import TaskHistory from './task-history.svelte';

const { page, goto } = vi.hoisted(() => ({
  page: {
    url: new URL('http://localhost/lists/x?history'),
    params: { id: '00000000-0000-7000-8000-000000000101' },
    route: { id: '/(app)/lists/[id]' },
  },
  goto: vi.fn(),
}));
vi.mock('$app/state', () => ({ page }));
vi.mock('$app/navigation', () => ({ goto }));

const SCOPE = `list:${IDS.offsite}` as const;
const TRAIN = '00000000-0000-7000-8000-000000000201';
const BADGES = '00000000-0000-7000-8000-000000000208';
const GONE = '00000000-0000-7000-8000-0000000002f0';
const GONE_FOR_GOOD = '00000000-0000-7000-8000-0000000002f1';
const T0 = Date.parse('2026-11-17T13:02:00Z');

const patch = (id: string, fields: object, prev: object): PastEffect =>
  ({ op: 'patch', type: 'task', id, fields, prev }) as PastEffect;
const change = (seq: number, effects: PastEffect[], more: Partial<PastChange> = {}): PastChange => ({
  ...{ seq, at: T0 + seq * 120_000, txnId: `t${seq}`, actor: { id: IDS.grace, kind: 'person' }, effects },
  ...more,
});
const RENAMED = change(5, [patch(TRAIN, { title: 'Book the train from the airport' }, { title: 'Train' })]);
const BY_AGENT = change(6, [patch(BADGES, { priority: 'high' }, { priority: 'none' })], {
  ...{ actor: { id: AGENT_ID, kind: 'agent', for: IDS.ada }, runId: 'r1', threadId: IDS.thread },
});

// Not part of any promise: how long the first fetch of the menus' code takes on a busy machine.
beforeAll(() => import('../ui/menu-body.svelte').then(() => {}), 60_000);

let asked: string[];
let answers: (path: string) => object | undefined;
beforeEach(() => {
  asked = [];
  goto.mockClear();
  page.url = new URL('http://localhost/lists/x?history');
  answers = () => ({ items: [BY_AGENT, RENAMED], profiles: {}, titles: { [BADGES]: 'Print name badges' } });
  vi.stubGlobal('fetch', (url: string) => {
    const { pathname, search } = new URL(url);
    const path = pathname.replace(`/api/v1/lists/${IDS.offsite}`, '') + search;
    asked.push(path);
    const body = answers(path);
    return body ? Promise.resolve(Response.json(body)) : Promise.reject(new TypeError('no network'));
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});
const sentTo = () => (goto.mock.lastCall?.[0] as URL | undefined)?.search;
const user = userEvent.setup();

const openHistory = (client = offsite()) =>
  renderWithApp(ListHistory as never, client, { listId: IDS.offsite, onclose: vi.fn() });

describe('a list’s history', () => {
  it('tells who did what, and when in full to those who hear it', async () => {
    await openHistory();
    const [agent, grace] = await screen.findAllByRole('listitem');
    expect(agent?.textContent).toMatch(/Agent, for you, gave “Print name badges” high priority/);
    expect(grace?.textContent).toMatch(/Grace .*renamed “Train” to “Book the train from the airport”/);
    expect(within(grace as HTMLElement).getByText(/^\w+day 17 November 2026, /u)).toBeDefined();
    expect(asked).toEqual(['/history?limit=40']);
  });

  it('leads to the task, to the conversation of a run, and to the list as it was then', async () => {
    await openHistory();
    await user.click(await screen.findByRole('button', { name: '“Print name badges”' }));
    expect(sentTo()).toContain(`task=${BADGES}`);
    await user.click(screen.getByRole('button', { name: 'Open the conversation' }));
    expect(sentTo()).toBe(`?thread=${IDS.thread}`);
    await user.click(screen.getAllByRole('button', { name: /^The list then/ })[1] as HTMLElement);
    expect(sentTo()).toBe('?history=&at=5');
  });

  it('brings a field’s old value back, as one step that can be undone', async () => {
    const client = offsite();
    const { app } = await openHistory(client);
    await user.click(await screen.findByRole('button', { name: /^Restore “Train”/ }));
    expect(client.sent).toEqual([{ name: 'task.update', args: { id: TRAIN, fields: { title: 'Train' } } }]);
    expect(app.toasts.shown[0]?.action?.label).toBe('Undo');
    // It is so now: there is nothing more to bring back.
    await waitFor(() => expect(screen.queryByRole('button', { name: /^Restore “Train”/ })).toBeNull());
  });

  it('brings deleted tasks back, as long as they are gone', async () => {
    const client = offsite();
    const was = client.get('task', BADGES)!.value;
    client.del('task', BADGES);
    answers = () => ({
      items: [change(8, [{ op: 'del', type: 'task', id: BADGES, prev: { ...was } }])],
      profiles: {},
      titles: { [BADGES]: 'Print name badges' },
    });
    await openHistory(client);
    await user.click(await screen.findByRole('button', { name: /^Bring back what .*“Print name badges”/ }));
    expect(client.sent).toEqual([{ name: 'task.restore', args: { id: BADGES } }]);
    await waitFor(() => expect(screen.queryByRole('button', { name: /^Bring back/ })).toBeNull());
  });

  it('offers a viewer nothing to bring back', async () => {
    const client = offsite();
    client.put(SCOPE, 'member', IDS.ada, { role: 'viewer' });
    await openHistory(client);
    await screen.findByText(/high priority/);
    expect(screen.queryByRole('button', { name: /^Restore/ })).toBeNull();
  });

  it('shows a change that arrives, and asks for a burst of them once', async () => {
    const client = offsite();
    const told = vi.spyOn(client, 'on');
    await openHistory(client);
    await screen.findByText(/high priority/);
    const listeners = told.mock.calls.filter(([event]) => event === 'change').map(([, listener]) => listener);
    const done = change(7, [patch(TRAIN, { done: true }, { done: false })]);
    answers = () => ({ items: [done, BY_AGENT, RENAMED], profiles: {}, titles: {} });
    for (const scope of [SCOPE, SCOPE, `list:${IDS.home}` as const])
      listeners.forEach((hear) => (hear as (...args: unknown[]) => void)(scope, done));
    expect(await screen.findByText(/completed/)).toBeDefined();
    expect(screen.getAllByRole('listitem')).toHaveLength(3);
    expect(asked).toHaveLength(2);
  });

  it('goes on where it ended, over pages with nothing in them', async () => {
    answers = (path) =>
      path.includes('cursor=b')
        ? { items: [RENAMED], profiles: {}, titles: {} }
        : path.includes('cursor=a')
          ? { items: [], next: 'b', profiles: {}, titles: {} }
          : { items: [BY_AGENT], next: 'a', profiles: {}, titles: {} };
    await openHistory();
    await user.click(await screen.findByRole('button', { name: 'Show more' }));
    expect(await screen.findByText(/renamed/)).toBeDefined();
    expect(screen.queryByRole('button', { name: 'Show more' })).toBeNull();
  });

  it('asks for one person’s changes, as the address says', async () => {
    page.url = new URL(`http://localhost/lists/x?history&by=${IDS.grace}`);
    await openHistory();
    await screen.findByText(/renamed/);
    expect(asked).toEqual([`/history?limit=40&actorId=${IDS.grace}`]);
    await user.click(screen.getByRole('button', { name: 'Whose changes: Grace Hopper' }));
    await user.click(await screen.findByText('Everyone'));
    expect(sentTo()).toBe('?history=');
  });

  it('says that the server is away, and tries again', async () => {
    answers = () => undefined;
    await openHistory();
    expect(await screen.findByText(/cannot be reached now/)).toBeDefined();
    answers = () => ({ items: [RENAMED], profiles: {}, titles: {} });
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText(/renamed/)).toBeDefined();
  });
});

describe('a task’s history', () => {
  it('unfolds old notes, and speaks of the task as this one', async () => {
    const notes = change(4, [patch(TRAIN, { notes: 'New words' }, { notes: 'Old words\nin two lines' })]);
    answers = () => ({ items: [notes], profiles: {}, titles: {} });
    const client = offsite();
    const props = { taskId: TRAIN, listId: IDS.offsite, canEdit: true, onopen: vi.fn() };
    await renderWithApp(TaskHistory as never, client, props);
    expect((await screen.findByText('edited the notes', { exact: false })).textContent).toMatch(/edited the notes$/);
    expect(asked).toEqual([`/history?limit=40&taskId=${TRAIN}`]);
    await user.click(screen.getByText('Show what they said'));
    expect(screen.getByText(/in two lines/)).toBeDefined();
    await user.click(screen.getByRole('button', { name: /^Restore these notes/ }));
    expect(client.sent[0]?.args).toEqual({ id: TRAIN, fields: { notes: 'Old words\nin two lines' } });
  });
});

describe('a list as it was', () => {
  const client = offsite();
  const then = (id: string, more: object = {}) => ({
    type: 'task',
    id,
    value: { ...client.get('task', TRAIN)!.value, title: id, notes: '', ...more },
  });
  const AT = {
    ...{ seq: 5, at: RENAMED.at, from: 2, head: 9, change: RENAMED, profiles: {}, titles: {}, lost: [GONE_FOR_GOOD] },
    items: [
      { type: 'list', id: IDS.offsite, value: { title: 'Lisbon', archivedAt: null, createdAt: 1 } },
      { type: 'task', id: BADGES, value: client.get('task', BADGES)!.value },
      then(TRAIN, { title: 'Train', due: null }),
      then(GONE, { title: 'Charter a boat', labelIds: [] }),
      then(GONE_FOR_GOOD, { title: 'Ask the museum', assigneeIds: ['00000000-0000-4000-8000-0000000000ff'] }),
    ],
  };
  const look = (client = offsite()) => {
    page.url = new URL('http://localhost/lists/x?at=5');
    answers = () => AT;
    return renderWithApp(ListThen as never, client, { listId: IDS.offsite, seq: 5 });
  };
  const task = async (title: string) => (await screen.findByText(title)).closest('li') as HTMLElement;

  it('says when, and what happened, on a slider that is named', async () => {
    await look();
    expect(await screen.findByText(/17 Nov, \d\d:\d\d/)).toBeDefined();
    const slider = screen.getByRole('slider', { name: 'Change of the list' }) as HTMLInputElement;
    await waitFor(() => expect(slider.getAttribute('aria-valuetext')).toMatch(/17 Nov, .*Grace .*renamed “Train”/));
    expect([slider.min, slider.max, slider.value]).toEqual(['2', '9', '5']);
    expect(screen.getByRole('heading', { name: 'Lisbon' })).toBeDefined();
    await user.click(screen.getByRole('button', { name: 'One change back' }));
    expect(sentTo()).toBe('?at=4');
    await user.click(screen.getByRole('button', { name: 'Back to now' }));
    expect(sentTo()).toBe('');
  });

  it('says so where there is no such moment, or no server', async () => {
    page.url = new URL('http://localhost/lists/x?at=99');
    vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ code: 'invalid' }, { status: 400 })));
    const props = { listId: IDS.offsite, seq: 99 };
    const { unmount } = await renderWithApp(ListThen as never, offsite(), props);
    expect(await screen.findByText(/no such moment/)).toBeDefined();
    unmount();
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')));
    await renderWithApp(ListThen as never, offsite(), props);
    expect(await screen.findByRole('button', { name: 'Try again' })).toBeDefined();
  });

  it('marks what is other now, and lists what came since', async () => {
    await look();
    expect((await task('Train')).textContent).toContain('Changed since: title, notes, due date');
    expect((await task('Charter a boat')).textContent).toContain('Deleted since');
    expect((await task('Print name badges')).dataset['since']).toBe('same');
    expect(within(screen.getByRole('list', { name: 'Added since' })).getByText('Answer the caterer')).toBeDefined();
  });

  it('restores a changed task, a deleted one, and one that is gone for good', async () => {
    const client = offsite();
    client.put(SCOPE, 'task', GONE, {
      ...client.get('task', TRAIN)!.value,
      title: 'Charter a boat',
      notes: '',
      labelIds: [],
    });
    client.del('task', GONE);
    await look(client);
    await user.click(await screen.findByRole('button', { name: 'Restore this task: Train' }));
    expect(client.sent).toEqual([
      { name: 'task.update', args: { id: TRAIN, fields: { title: 'Train', notes: '', due: null } } },
    ]);
    await user.click(screen.getByRole('button', { name: 'Restore this task: Charter a boat' }));
    expect(client.sent.at(-1)).toEqual({ name: 'task.restore', args: { id: GONE } });
    await waitFor(async () => expect((await task('Charter a boat')).dataset['since']).toBe('same'));
    await user.click(screen.getByRole('button', { name: 'Restore this task: Ask the museum' }));
    // A new one, without the person who is no member any more.
    expect(client.sent.at(-1)).toMatchObject({
      name: 'task.create',
      args: { title: 'Ask the museum', assigneeIds: [] },
    });
  });
});
