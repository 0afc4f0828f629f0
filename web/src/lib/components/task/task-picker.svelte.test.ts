import { screen } from '@testing-library/svelte';
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
