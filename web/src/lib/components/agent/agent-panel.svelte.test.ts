import { AGENT_ID } from '@muster/protocol/principal';
import { runIdOf } from '@muster/domain/run-ids';
import type { Item, Run } from '@muster/protocol/run';
import type { RunView } from '@muster/client/types';
import { fireEvent, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { IDS, offsite } from '../../../../test/offsite.ts';
import { renderWithApp } from '../../../../test/render-with-app.ts';
import AgentPanel from './agent-panel.svelte';

vi.mock('$app/state', () => ({
  page: { url: new URL('http://localhost/lists/x'), params: {}, route: { id: '/(app)/lists/[id]' } },
}));
vi.mock('$app/navigation', () => ({ goto: vi.fn() }));

const THREAD = `thread:${IDS.thread}` as const;
const ASKED = '00000000-0000-7000-8000-000000000901';
const RUN = runIdOf(ASKED);
const TASK = '00000000-0000-7000-8000-000000000200';

async function open(change?: (client: ReturnType<typeof offsite>) => void, threadId: string | undefined = IDS.thread) {
  const client = offsite();
  change?.(client);
  const onthread = vi.fn();
  const view = await renderWithApp(AgentPanel as never, client, {
    listId: IDS.offsite,
    threadId,
    onthread,
    onclose: () => {},
  });
  return {
    ...view,
    client,
    onthread,
    user: userEvent.setup(),
    field: screen.getByRole('textbox', { name: 'Ask the agent' }) as HTMLTextAreaElement,
  };
}

/** Grace has asked, and the run goes on. */
function ask(client: ReturnType<typeof offsite>, run: Partial<Run> = {}): void {
  client.put(THREAD, 'message', ASKED, {
    ...{ role: 'user', authorId: IDS.grace, parts: [{ type: 'text', text: 'Plan a dinner' }], text: 'Plan a dinner' },
    ...{ parentId: null, runId: null, fileIds: [], createdAt: 1_700_000_000_000 },
  });
  const value: Run = {
    messageId: ASKED,
    askerId: IDS.grace,
    status: 'running',
    attempt: 1,
    error: null,
    startedAt: 1,
    endedAt: null,
  };
  client.put(THREAD, 'run', RUN, { ...value, ...run });
}
const view = (change: Partial<RunView>): RunView => ({
  runId: RUN,
  status: 'running',
  attempt: 1,
  items: [],
  current: null,
  wasInterrupted: false,
  ...change,
});
const call: Item = {
  id: `${RUN}:0`,
  n: 0,
  kind: 'tool_call',
  callId: 'c',
  body: { name: 'add_tasks', args: { list: null, tasks: [], parent: null, after: null } },
  state: 'done',
};
const answered: Item = {
  ...{ id: `${RUN}:1`, n: 1, kind: 'tool_result', callId: 'c', state: 'done' },
  body: { text: '{}', touched: [{ scope: `list:${IDS.offsite}`, type: 'task', id: TASK }] },
} as Item;
const flush = async (): Promise<void> => {
  await new Promise((done) => requestAnimationFrame(done));
  await tick();
};

beforeEach(() => document.body.replaceChildren());

describe('the agent panel', () => {
  it('makes the thread with the first words', async () => {
    const { client, field, onthread, user } = await open((client) => client.del('thread', IDS.thread), '');
    expect(screen.getAllByRole('listitem')).toHaveLength(3);
    await user.type(field, 'Plan one good dinner for all of us please{Enter}');
    const [made, said] = client.sent.slice(-2);
    expect(made).toMatchObject({
      name: 'thread.create',
      args: { listId: IDS.offsite, title: 'Plan one good dinner for all of us please' },
    });
    expect(said).toMatchObject({
      name: 'message.send',
      args: { threadId: made?.args['id'], text: 'Plan one good dinner for all of us please' },
    });
    expect(said?.args['zone']).toBeTruthy();
    expect(onthread).toHaveBeenCalledWith(made?.args['id']);
    expect(field.value).toBe('');
  });

  it('breaks lines with Shift+Enter, and submits nothing while a word is composed', async () => {
    const { client, field, user } = await open();
    await user.type(field, 'one{Shift>}{Enter}{/Shift}two');
    expect(field.value).toBe('one\ntwo');
    await fireEvent.keyDown(field, { key: 'Enter', isComposing: true });
    expect(client.sent.filter(({ name }) => name === 'message.send')).toEqual([]);
  });

  it('shows words as they are written, and says them once they are finished', async () => {
    const { client, container } = await open(ask);
    client.setRun(view({ current: { itemId: `${RUN}:0`, text: 'Two things' } }));
    await flush();
    expect(screen.getByText('Two things')).toBeTruthy();
    expect(container.querySelector('.writing')).not.toBeNull();
    const heard = (): string =>
      [...container.querySelectorAll('[aria-live=polite]')].map((node) => node.textContent).join('');
    expect(heard()).not.toContain('Two things');
    const message = '00000000-0000-7000-8000-000000000902';
    client.put(THREAD, 'message', message, {
      ...{
        role: 'assistant',
        authorId: AGENT_ID,
        parts: [{ type: 'text', text: 'Two things fit.' }],
        text: 'Two things fit.',
      },
      ...{ parentId: ASKED, runId: RUN, fileIds: [], createdAt: 1 },
    });
    client.put(THREAD, 'run_item', `${RUN}:0`, {
      runId: RUN,
      n: 0,
      kind: 'message',
      callId: null,
      body: { messageId: message },
      state: 'done',
    });
    ask(client, { status: 'completed', endedAt: 2 });
    await flush();
    expect(container.querySelector('.writing')).toBeNull();
    expect(heard()).toContain('Two things fit.');
    expect(screen.getByText(/asked by/).textContent).toBe('Agent · asked by Grace');
  });

  it('keeps the words on the page between the stream and the log', async () => {
    const { client } = await open(ask);
    client.setRun(view({ current: { itemId: `${RUN}:0`, text: 'Whole words' } }));
    await flush();
    const item: Item = {
      id: `${RUN}:0`,
      n: 0,
      kind: 'message',
      callId: null,
      body: { messageId: '00000000-0000-7000-8000-000000000902' },
      state: 'done',
    };
    client.setRun(view({ items: [item], current: null }));
    await flush();
    expect(screen.getByText('Whole words')).toBeTruthy();
  });

  it('shows a call as a card whose tasks are live, checked right there', async () => {
    const { client, user } = await open(ask);
    client.setRun(view({ items: [call] }));
    await flush();
    expect(screen.getByText('Adding tasks…')).toBeTruthy();
    client.setRun(view({ items: [call, answered] }));
    await flush();
    await user.click(screen.getByRole('checkbox', { name: 'Complete Send the passport list to the hotel' }));
    expect(client.sent.at(-1)).toMatchObject({ name: 'task.complete', args: { id: TASK, done: true } });
    await flush();
    expect(
      screen.getByRole('checkbox', { name: 'Reopen Send the passport list to the hotel' }).getAttribute('aria-checked'),
    ).toBe('true');
  });

  it('offers Stop in the place of Send', async () => {
    const { client, user } = await open(ask);
    const stop = vi.spyOn(client, 'stopRun');
    await user.click(screen.getByRole('button', { name: 'Stop' }));
    expect(stop).toHaveBeenCalledWith(RUN);
    expect(screen.queryByRole('button', { name: 'Send' })).toBeNull();
  });

  it.each([
    [{ status: 'stopped' as const }, 'Stopped. What was done until then stays.'],
    [
      { status: 'failed' as const, error: { code: 'limit_reached', message: 'The model’s limit is reached.' } },
      'The model’s limit is reached.',
    ],
    [{ status: 'completed' as const, attempt: 2 }, 'The answer went on after an interruption.'],
  ])('says in words what became of it: %o', async (run, words) => {
    await open((client) => ask(client, run));
    expect(screen.getByText((text) => text.includes(words))).toBeTruthy();
  });

  it('lets a viewer read along and ask nothing', async () => {
    const { field } = await open((client) => {
      ask(client);
      client.put(`list:${IDS.offsite}`, 'member', IDS.ada, { role: 'viewer' });
    });
    expect(screen.getByText('Plan a dinner')).toBeTruthy();
    expect(field.disabled).toBe(true);
    expect(screen.queryByRole('button', { name: 'New conversation' })).toBeNull();
  });

  it('says who types', async () => {
    const { client } = await open();
    client.whoIs.set(THREAD, [{ id: IDS.grace, state: { typing: true } }]);
    client.presence.set(THREAD, {});
    await flush();
    expect(screen.getByText('Grace is typing')).toBeTruthy();
  });
});
