import { cleanup, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { createRawSnippet } from 'svelte';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { goto, page } from '../../../../test/fake-page.svelte.ts';
import { IDS, offsite } from '../../../../test/offsite.ts';
import { renderWithApp } from '../../../../test/render-with-app.ts';
import Frame from './frame.svelte';

vi.hoisted(() => {
  // Svelte asks for the wish for less motion as soon as it is imported.
  window.matchMedia ??= (() => ({
    matches: false,
    addEventListener: () => {},
    removeEventListener: () => {},
  })) as never;
});
vi.mock('$app/state', () => import('../../../../test/fake-page.svelte.ts'));
vi.mock('$app/navigation', () => import('../../../../test/fake-page.svelte.ts'));

const TASK = '00000000-0000-7000-8000-000000000200';
const OTHER_TASK = '00000000-0000-7000-8000-000000000201';

// Not part of any promise: how long the first fetch of the panels' code takes on a busy machine.
beforeAll(async () => {
  await import('../agent/agent-panel.svelte');
  await import('../task/task-panel.svelte');
  await import('./command-menu.svelte');
}, 120_000);
beforeEach(() => goto(`/lists/${IDS.offsite}`));
afterEach(() => {
  cleanup();
  localStorage.clear();
});

async function open(client = offsite()) {
  const children = createRawSnippet(() => ({ render: () => '<p>The page</p>' }));
  const view = await renderWithApp(Frame as never, client, { children });
  return { ...view, client, user: userEvent.setup() };
}
const shown = () => screen.findByRole('button', { name: /^Conversation:/ });
const isShown = (title: string) =>
  waitFor(async () => expect((await shown()).getAttribute('aria-label')).toBe(`Conversation: ${title}`));
const composer = () => screen.findByRole<HTMLTextAreaElement>('textbox', { name: 'Ask the agent' });

it('begins a new thread from the sidebar, until another list is opened', async () => {
  const { client, user } = await open();
  await isShown('Plan the three days');
  await user.click(screen.getByRole('button', { name: 'New thread' }));
  await isShown('New conversation');
  await user.type(await composer(), 'Only for this{Enter}');
  expect(client.sent.map(({ name }) => name)).toEqual(['thread.create', 'message.send']);
  await isShown('Only for this');
  expect(page.url.searchParams.get('thread')).toBe(client.sent[0]?.args['id']);

  await user.click(screen.getByRole('button', { name: 'New conversation' }));
  await isShown('New conversation');
  await goto(`/lists/${IDS.home}`);
  await goto(`/lists/${IDS.offsite}`);
  await isShown('Only for this');
});

it('offers a viewer no new thread, and shows them the newest where the address asks for one', async () => {
  await goto(`/lists/${IDS.offsite}?thread=new`);
  const client = offsite();
  client.put(`list:${IDS.offsite}`, 'member', IDS.ada, { role: 'viewer' });
  client.put(`user:${IDS.ada}`, 'membership', IDS.offsite, { role: 'viewer', pos: 'a', muted: false, seenSeq: 1 });
  await open(client);
  await isShown('Plan the three days');
  expect(screen.queryByRole('button', { name: 'New thread' })).toBeNull();
});

it('keeps what is half written to the agent where it was written, and sends it nowhere else', async () => {
  const { client, user } = await open();
  await user.type(await composer(), 'Two sentences. For Lisbon.');
  await goto(`/lists/${IDS.offsite}?task=${TASK}`);
  await screen.findByRole('textbox', { name: 'Title' });
  await goto(`/lists/${IDS.offsite}`);
  expect((await composer()).value).toBe('Two sentences. For Lisbon.');

  await goto(`/lists/${IDS.home}`);
  await isShown('New conversation');
  expect((await composer()).value).toBe('');
  await user.type(await composer(), 'For home');
  await goto(`/lists/${IDS.offsite}`);
  await isShown('Plan the three days');
  await user.type(await composer(), '{Enter}');
  expect(client.sent.at(-1)?.args).toMatchObject({ threadId: IDS.thread, text: 'Two sentences. For Lisbon.' });
  expect((await composer()).value).toBe('');
  await goto(`/lists/${IDS.home}`);
  await isShown('New conversation');
  expect((await composer()).value).toBe('For home');
});

it('stays in the thread that is being written to when someone begins another', async () => {
  const { client, user } = await open();
  await user.type(await composer(), 'Half');
  const begin = (id: string, title: string, scope: 'offsite' | 'home') =>
    client.put(
      `list:${IDS[scope]}`,
      'thread',
      id,
      { kind: 'chat', title, status: 'open', createdAt: Date.now() + 1_000, createdBy: IDS.grace },
      { id: IDS.grace, kind: 'person' },
    );
  begin('00000000-0000-7000-8000-000000000302', 'Of Grace', 'offsite');
  await screen.findByRole('link', { name: 'Of Grace' });
  await isShown('Plan the three days');
  expect((await composer()).value).toBe('Half');
  await goto(`/lists/${IDS.home}`);
  await isShown('New conversation');
  await user.type(await composer(), 'New');
  begin('00000000-0000-7000-8000-000000000303', 'Of Grace at home', 'home');
  await screen.findByRole('link', { name: 'Of Grace at home' });
  await isShown('New conversation');
  await user.type(await composer(), ' words{Enter}');
  await isShown('New words');
  await goto(`/lists/${IDS.offsite}`);
  await isShown('Plan the three days');
});

it('keeps a half-written sub-task under its task', async () => {
  const field = () => screen.findByRole<HTMLTextAreaElement>('textbox', { name: /^New sub-task of / });
  const { user } = await open();
  await goto(`/lists/${IDS.offsite}?task=${TASK}`);
  await user.type(await field(), 'Half a sub-task');
  await goto(`/lists/${IDS.offsite}?task=${OTHER_TASK}`);
  await waitFor(async () => expect((await field()).value).toBe(''));
  await goto(`/lists/${IDS.offsite}`);
  await composer();
  await goto(`/lists/${IDS.offsite}?task=${TASK}`);
  expect((await field()).value).toBe('Half a sub-task');
});

it('forgets what was half written when the person signs out', async () => {
  const { app, user } = await open();
  await user.type(await composer(), 'Mine');
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ success: true })));
  await app.signOut();
  expect(app.drafts.read(IDS.thread)).toBe('');
  vi.unstubAllGlobals();
});

describe('asking the agent', () => {
  it.each([`task=${TASK}`, 'history='])('by Ctrl+K takes the place of what is open: ?%s', async (query) => {
    await goto(`/lists/${IDS.offsite}?${query}`);
    const { app, user } = await open();
    await waitFor(() => expect(screen.queryByRole('complementary', { name: /^(Task|History)$/ })).not.toBeNull());
    app.layout.open({ kind: 'command' });
    await user.type(await screen.findByRole('combobox', { name: /What do you want/ }), 'ask the agent{Enter}');
    const field = await composer();
    await waitFor(() => expect(document.activeElement).toBe(field));
    expect(page.url.search).toBe('');
  });

  it('begins with the words that a button gives, but never in the place of one’s own', async () => {
    await goto(`/lists/${IDS.reading}?task=${TASK}`);
    const { app, user } = await open();
    app.layout.askAgent('Plan “Reading” in a few steps');
    await goto(`/lists/${IDS.reading}`);
    const field = await composer();
    await waitFor(() => expect(field.value).toBe('Plan “Reading” in a few steps'));
    await waitFor(() => expect(document.activeElement).toBe(field));
    await user.clear(field);
    await user.type(field, 'My own');
    app.layout.askAgent('Plan “Reading” in a few steps');
    await waitFor(() => expect(app.layout.asking).toBeUndefined());
    expect(field.value).toBe('My own');
  });

  it('by g a puts the caret into the composer, also of a panel that was closed', async () => {
    const { app } = await open();
    app.keys.run('go-agent');
    const field = await composer();
    await waitFor(() => expect(document.activeElement).toBe(field));
    app.layout.closeAgent();
    await waitFor(() => expect(screen.queryByRole('textbox', { name: 'Ask the agent' })).toBeNull());
    app.keys.run('go-agent');
    await waitFor(async () => expect(document.activeElement).toBe(await composer()));
  });
});

it('puts the caret into quick add from the command menu, not where it was before', async () => {
  const { app, user } = await open();
  const field = document.body.appendChild(document.createElement('input'));
  app.keys.on('quick-add', () => field.focus());
  screen.getByRole('button', { name: 'New thread' }).focus();
  app.layout.open({ kind: 'command' });
  await user.type(await screen.findByRole('combobox', { name: /What do you want/ }), 'add a task{Enter}');
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  await new Promise((done) => requestAnimationFrame(done));
  expect(document.activeElement).toBe(field);
  field.remove();
});
