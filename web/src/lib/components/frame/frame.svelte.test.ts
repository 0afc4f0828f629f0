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
