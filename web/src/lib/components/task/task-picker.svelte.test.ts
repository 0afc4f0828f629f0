import { wallClock } from '@muster/domain/dates/calendar';
import type { Due } from '@muster/protocol/due';
import { DEFAULT_SETTINGS } from '@muster/protocol/settings';
import { fireEvent, screen } from '@testing-library/svelte';
import userEvent from '@testing-library/user-event';
import { tick, type Component } from 'svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { getApp } from '#lib/state/app.svelte.ts';
import { ListState } from '#lib/state/list.svelte.ts';
import { IDS, offsite } from '../../../../test/offsite.ts';
import { renderWithApp } from '../../../../test/render-with-app.ts';
import type { Picked } from './picked.ts';
import TaskPicker from './task-picker.svelte';

const SCOPE = `list:${IDS.offsite}` as const;
const idOf = (n: number): string => `00000000-0000-7000-8000-0000000002${String(n).padStart(2, '0')}`;
const grace = { id: IDS.grace, kind: 'person' };
const flush = async (): Promise<void> => {
  await new Promise((done) => requestAnimationFrame(done));
  await tick();
};

interface Props {
  what: Picked;
  ids: readonly string[];
  onclose: () => void;
}
/** A list's state is made while a component is. */
const InList: Component<Props> = (internals, props) => {
  const list = new ListState(getApp().muster, () => IDS.offsite);
  return TaskPicker(internals, { ...props, list });
};

async function pick(what: Picked, ids: readonly string[], change?: (client: ReturnType<typeof offsite>) => void) {
  const client = offsite();
  change?.(client);
  const onclose = vi.fn();
  const view = await renderWithApp(InList as never, client, { what, ids, onclose });
  await flush();
  return { ...view, client, onclose, sent: () => client.sent.map(({ args }) => args), user: userEvent.setup() };
}
/** Someone else changes another task of the list: it tells of all its tasks anew. */
async function changeAnother(client: ReturnType<typeof offsite>): Promise<void> {
  client.put(SCOPE, 'task', idOf(8), { ...client.get('task', idOf(8))!.value, title: 'Print badges' }, grace);
  await flush();
}

beforeEach(() => document.body.replaceChildren());

describe('the choices', () => {
  const marked = (): string | undefined => {
    const id = screen.getByRole('combobox').getAttribute('aria-activedescendant');
    return document.getElementById(id ?? '')?.textContent.trim();
  };

  it('begins at what is set', async () => {
    await pick('priority', [idOf(1)]);
    expect(marked()).toMatch(/^High/);
  });

  it('keeps the mark where the person has it while others work', async () => {
    const { client, onclose, sent, user } = await pick('priority', [idOf(8)]);
    await user.keyboard('high');
    await changeAnother(client);
    expect(marked()).toMatch(/^High/);
    await user.keyboard('{Enter}');
    expect(sent()).toEqual([{ id: idOf(8), fields: { priority: 'high' } }]);
    expect(onclose).toHaveBeenCalled();
  });

  it('keeps the mark on its label when another comes before it', async () => {
    const { client, sent, user } = await pick('label', [idOf(8)]);
    await user.keyboard('{ArrowDown}');
    expect(marked()).toMatch(/^travel/);
    client.put(SCOPE, 'label', '00000000-0000-7000-8000-000000000409', { name: 'aboard', color: 'gray' }, grace);
    await flush();
    expect(marked()).toMatch(/^travel/);
    await user.keyboard('{Enter}');
    expect(sent()).toEqual([{ id: idOf(8), add: ['00000000-0000-7000-8000-000000000401'] }]);
  });
});

describe('the date of several tasks', () => {
  const zone = 'Europe/Berlin';
  const DUES: Due[] = [
    { date: '2030-03-09', time: '17:00', zone },
    { date: '2030-03-12' },
    { date: '2030-03-15', time: '08:15', zone },
  ];
  const ids = [idOf(0), idOf(1), idOf(2), idOf(8)];
  const dated = (client: ReturnType<typeof offsite>): void => {
    client.put(`user:${IDS.ada}`, 'settings', IDS.ada, { ...DEFAULT_SETTINGS, zone });
    DUES.forEach((due, n) => client.put(SCOPE, 'task', idOf(n), { ...client.get('task', idOf(n))!.value, due }));
  };
  const today = (): string => wallClock(Date.now(), zone).date;

  it('can be taken off where any has one', async () => {
    const { sent, user } = await pick('due', ids, dated);
    await user.click(screen.getByRole('button', { name: 'No date' }));
    expect(sent()).toEqual(ids.slice(0, 3).map((id) => ({ id, fields: { due: null } })));
  });

  it('keeps each its time on another day', async () => {
    const { app, client, sent, user } = await pick('due', ids, dated);
    await user.click(screen.getByRole('button', { name: /^Today/ }));
    expect(sent()).toEqual([
      { id: ids[0], fields: { due: { date: today(), time: '17:00', zone } } },
      { id: ids[1], fields: { due: { date: today() } } },
      { id: ids[2], fields: { due: { date: today(), time: '08:15', zone } } },
      { id: ids[3], fields: { due: { date: today() } } },
    ]);
    app.undo.undo();
    await vi.waitFor(() => expect(ids.slice(0, 3).map((id) => client.get('task', id)?.value.due)).toEqual(DUES));
  });

  it('keeps each its day at another time', async () => {
    const { sent } = await pick('due', ids.slice(0, 3), dated);
    await fireEvent.change(screen.getByLabelText('Time'), { target: { value: '10:00' } });
    expect(sent()).toEqual(DUES.map(({ date }, n) => ({ id: ids[n], fields: { due: { date, time: '10:00', zone } } })));
  });

  it('shows what all have', async () => {
    await pick('due', ids.slice(0, 2), (client) => {
      dated(client);
      const due = { date: today(), time: '17:00', zone };
      client.put(SCOPE, 'task', idOf(1), { ...client.get('task', idOf(1))!.value, due });
    });
    expect(screen.getByLabelText<HTMLInputElement>('Time').value).toBe('17:00');
    expect(screen.queryByRole('button', { pressed: true })).toBeNull();
  });
});
