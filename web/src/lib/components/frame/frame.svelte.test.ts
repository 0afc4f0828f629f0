import { cleanup, screen, waitFor } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { createRawSnippet } from 'svelte';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
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
