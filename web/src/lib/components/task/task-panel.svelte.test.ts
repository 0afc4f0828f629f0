import { screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick } from 'svelte';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { IDS, offsite } from '../../../../test/offsite.ts';
import { renderWithApp } from '../../../../test/render-with-app.ts';
import { loadPicker } from './load-picker.ts';
import TaskPanel from './task-panel.svelte';

vi.mock('$app/state', () => ({
  page: {
    url: new URL('http://localhost/lists/x'),
    params: { id: '00000000-0000-7000-8000-000000000101' },
    route: { id: '/(app)/lists/[id]' },
  },
}));
vi.mock('$app/navigation', () => ({ goto: vi.fn() }));

const TASK = '00000000-0000-7000-8000-000000000201';
const PARENT = '00000000-0000-7000-8000-000000000202';
const SCOPE = `list:${IDS.offsite}` as const;
const grace = { id: IDS.grace, kind: 'person' };
const flush = async (): Promise<void> => {
  await new Promise((done) => requestAnimationFrame(done));
  await tick();
};

async function open(taskId = TASK, change?: (client: ReturnType<typeof offsite>) => void) {
  const client = offsite();
  change?.(client);
  const onopen = vi.fn();
  const onclose = vi.fn();
  const view = await renderWithApp(TaskPanel as never, client, { taskId, onopen, onclose });
  await flush();
  return { ...view, client, onopen, onclose, user: userEvent.setup() };
}

// Not part of any promise: how long the first fetch of the pickers' code takes on a busy machine.
beforeAll(() => loadPicker().then(() => {}), 60_000);
beforeEach(() => document.body.replaceChildren());

describe('the open task', () => {
  it('keeps a title when its field is left', async () => {
    const { client, user } = await open();
    const title = screen.getByRole('textbox', { name: 'Title' });
    await user.clear(title);
    await user.type(title, 'Book two trains{Enter}');
    expect(client.sent.at(-1)).toEqual({
      name: 'task.update',
      args: { id: TASK, fields: { title: 'Book two trains' } },
      base: 3,
    });
  });

  it('shows notes as they read, and edits them as they are written', async () => {
    const { client, user } = await open();
    await user.click(screen.getByText(/Fourteen seats/));
    const notes = screen.getByRole('textbox', { name: 'Notes, in markdown' }) as HTMLTextAreaElement;
    expect(notes.value).toContain('- Two people with bicycles');
    await user.type(notes, ' and more{Escape}');
    expect(client.sent.at(-1)?.args).toMatchObject({
      id: TASK,
      fields: { notes: expect.stringContaining('and more') },
    });
  });

  it('never changes the words under the caret', async () => {
    const { client, user } = await open();
    const title = screen.getByRole('textbox', { name: 'Title' }) as HTMLTextAreaElement;
    await user.type(title, ' today');
    client.put(SCOPE, 'task', TASK, { ...client.get('task', TASK)!.value, title: 'Other words' }, grace);
    await flush();
    expect(title.value).toBe('Book the train from the airport today');
  });

  describe('whoever leaves a field into which somebody else has written meanwhile', () => {
    const theirs = async (client: Awaited<ReturnType<typeof open>>['client'], fields: object) => {
      client.put(SCOPE, 'task', TASK, { ...client.get('task', TASK)!.value, ...fields }, grace);
      await flush();
    };

    it('sends nothing where they only looked', async () => {
      const { client, user } = await open();
      const title = screen.getByRole('textbox', { name: 'Title' }) as HTMLTextAreaElement;
      await user.click(title);
      await theirs(client, { title: 'Other words' });
      await user.tab();
      await flush();
      expect([client.sent, title.value]).toEqual([[], 'Other words']);
      await user.click(screen.getByText(/Fourteen seats/));
      await theirs(client, { notes: 'Other notes' });
      await user.keyboard('{Escape}');
      await flush();
      expect(client.sent).toEqual([]);
      expect(screen.getByText('Other notes')).toBeTruthy();
    });

    it('sends what they wrote, and from where on they had not looked: the other is told', async () => {
      const { client, user } = await open();
      client.seqs.set(SCOPE, 7);
      await user.type(screen.getByRole('textbox', { name: 'Title' }), ' today');
      client.seqs.set(SCOPE, 8);
      await theirs(client, { title: 'Other words' });
      await user.tab();
      const title = 'Book the train from the airport today';
      expect(client.sent.at(-1)).toEqual({ name: 'task.update', args: { id: TASK, fields: { title } }, base: 7 });
      await user.click(screen.getByText(/Fourteen seats/));
      client.seqs.set(SCOPE, 9);
      await theirs(client, { notes: 'Other notes' });
      await user.keyboard(' and more{Escape}');
      expect(client.sent.at(-1)).toMatchObject({
        args: { fields: { notes: expect.stringContaining('and more') } },
        base: 8,
      });
    });
  });

  it('keeps the text, and says so, when someone deletes the task meanwhile', async () => {
    const { client, user } = await open();
    await user.click(screen.getByText(/Fourteen seats/));
    await user.type(screen.getByRole('textbox', { name: 'Notes, in markdown' }), ' Call first.');
    client.del('task', TASK, grace);
    await flush();
    expect(screen.getByRole('alert').textContent).toContain('What you were writing is kept here');
    await user.click(screen.getByRole('button', { name: 'Bring it back' }));
    const [restored, updated] = client.sent.slice(-2);
    expect(restored).toEqual({ name: 'task.restore', args: { id: TASK } });
    expect(updated?.args).toMatchObject({ id: TASK, fields: { notes: expect.stringContaining('Call first.') } });
    await flush();
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('goes to the tasks before and after, in the order of the list', async () => {
    const { onopen, user } = await open();
    await user.click(screen.getByRole('button', { name: 'Task after' }));
    expect(onopen).toHaveBeenLastCalledWith(PARENT);
    await user.click(screen.getByRole('button', { name: 'Task before' }));
    expect(onopen).toHaveBeenLastCalledWith('00000000-0000-7000-8000-000000000200');
  });

  it('adds sub-tasks behind those that are there', async () => {
    const { client, user } = await open(PARENT);
    await user.type(screen.getByRole('textbox', { name: /New sub-task/ }), 'Ask Linus{Enter}');
    await vi.waitFor(() =>
      expect(client.sent.at(-1)).toMatchObject({
        name: 'task.create',
        args: { title: 'Ask Linus', parentId: PARENT, after: '00000000-0000-7000-8000-000000000204' },
      }),
    );
  });

  it('sets fields from its pickers', async () => {
    const { client, user } = await open();
    await user.click(screen.getByRole('button', { name: /Priority:/ }));
    await user.click(await screen.findByText('Urgent'));
    expect(client.sent.at(-1)?.args).toEqual({ id: TASK, fields: { priority: 'urgent' } });
    await user.click(screen.getByRole('button', { name: /Labels:/ }));
    await user.type(await screen.findByPlaceholderText('Add a label'), 'trains{Enter}');
    expect(client.sent.slice(-2)).toMatchObject([
      { name: 'label.create', args: { name: 'trains' } },
      { name: 'task.label', args: { id: TASK } },
    ]);
  });

  it('tells the others where one is, and that one types', async () => {
    const { client, user } = await open();
    const set = vi.spyOn(client.presence, 'set');
    await user.type(screen.getByRole('textbox', { name: 'Title' }), '!');
    expect(set).toHaveBeenCalledWith(SCOPE, { taskId: TASK, typing: true });
  });

  it('shows a viewer all and lets them change nothing', async () => {
    const { client } = await open(TASK, (client) => {
      client.put(SCOPE, 'member', IDS.ada, { role: 'viewer' });
    });
    expect(screen.queryByRole('textbox')).toBeNull();
    expect(screen.queryByRole('button', { name: /Due:/ })).toBeNull();
    expect(screen.getByText(/An owner can let you edit it/)).toBeTruthy();
    expect(client.sent).toEqual([]);
  });

  it('says so where there is no such task', async () => {
    await open('00000000-0000-7000-8000-00000000ffff');
    expect(screen.getByText(/This task is not here any more/)).toBeTruthy();
  });
});
