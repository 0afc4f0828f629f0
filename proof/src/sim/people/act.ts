import type { MusterClient } from '@muster/client/types';
import type { CommandArgs, CommandName } from '@muster/protocol/commands';
import { MusterError } from '@muster/protocol/error';
import { scopeOf, type ScopeId } from '@muster/protocol/id';
import { byPlace } from '@muster/domain/ordering';
import { v7 } from 'uuid';
import type { OpKind } from '../plan/plan.ts';
import type { Random } from '../random.ts';
import type { Person, Tab } from './tab.ts';

export interface ActPorts {
  people: readonly Person[];
  /** Every list that there is, whoever may see it. */
  lists(): ScopeId[];
  /** Every task that somebody sees. */
  tasks(): string[];
  /** What to write to, where it is not left to chance. */
  listId?: string;
  threadId?: string;
  taskId?: string;
  removal?: { listId: string; userId: string };
  /** What was done, with the promise of its outcome. */
  onDone(tab: Tab, name: CommandName, args: unknown, queued: ReturnType<MusterClient['mutate']>): void;
}

const STORM = 12;
let words = 0;
export const resetWords = (): void => void (words = 0);
/** Each text is said once, so that whoever lost it can be told. */
const say = (tab: Tab, what: string): string => `${what} ${tab.name} ${++words}`;

/** Does what a person at this tab could do, with what they see; nothing where there is nothing to do it to. */
export function act(kind: OpKind, tab: Tab, random: Random, ports: ActPorts): void {
  const { client } = tab;
  if (client.userId === undefined) return;
  const me = scopeOf('user', client.userId);
  const lists = client
    .all(me, 'membership')
    .sort((a, b) => byPlace({ id: a.id, pos: a.value.pos }, { id: b.id, pos: b.value.pos }));
  const listId = ports.listId ?? random.pick(lists)?.id;
  const other = random.pick(lists)?.id;
  const tasksOf = (id: string) =>
    client
      .all(scopeOf('list', id), 'task')
      .sort((a, b) => byPlace({ id: a.id, pos: a.value.pos }, { id: b.id, pos: b.value.pos }));
  const homes =
    ports.listId === undefined ? [me, ...lists.map(({ id }) => scopeOf('list', id))] : [scopeOf('list', ports.listId)];
  const threads = homes.flatMap((scope) => client.all(scope, 'thread'));
  const thread = random.pick(
    threads
      .filter(({ id }) => ports.threadId === undefined || id === ports.threadId)
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
  );
  const person = random.pick(ports.people)!;
  const mutate = <N extends CommandName>(name: N, args: CommandArgs<N>) => {
    try {
      ports.onDone(tab, name, args, client.mutate(name, args));
    } catch (error) {
      // Foreseen by the rules: the person was told, and nothing was queued.
      if (!(error instanceof MusterError)) throw error;
    }
  };
  switch (kind) {
    case 'list.create':
      return mutate('list.create', { id: v7(), title: say(tab, 'list') });
    case 'settings.update':
      return mutate('settings.update', {
        fields: { theme: random.chance(0.5) ? 'dark' : 'light', weekStart: random.int(0, 6) },
      });
    case 'thread.create':
      return mutate('thread.create', {
        id: v7(),
        title: say(tab, 'thread'),
        ...(listId && random.chance(0.8) ? { listId } : {}),
      });
  }
  if (kind.startsWith('thread.') || kind === 'message.send') {
    if (thread === undefined) return;
    const { id } = thread;
    if (kind === 'thread.rename') return mutate('thread.rename', { id, title: say(tab, 'thread') });
    if (kind === 'thread.delete') return mutate('thread.delete', { id });
    follow(tab, scopeOf('thread', id));
    if (kind === 'message.send') mutate('message.send', { id: v7(), threadId: id, text: say(tab, 'message') });
    return;
  }
  if (kind === 'scope.open') {
    const any = random.pick(ports.lists());
    if (any === undefined) return;
    const handle = client.open(any);
    void handle.ready.catch(() => undefined).then(() => handle.close());
    return;
  }
  if (listId === undefined) return;
  const scope = scopeOf('list', listId);
  const tasks = tasksOf(listId);
  const task = ports.taskId === undefined ? random.pick(tasks) : tasks.find(({ id }) => id === ports.taskId);
  const after = random.chance(0.3) ? null : random.pick(tasks)?.id;
  const labels = client.all(scope, 'label').sort((a, b) => (a.id < b.id ? -1 : 1));
  const label = random.pick(labels);
  const members = client.all(scope, 'member').sort((a, b) => (a.id < b.id ? -1 : 1));
  const create = (title = say(tab, 'task')) =>
    mutate('task.create', {
      id: v7(),
      listId,
      title,
      ...(after === undefined || random.chance(0.3) ? {} : { after }),
      ...(task && task.value.parentId === null && random.chance(0.15) ? { parentId: task.id } : {}),
    });
  const take = () => {
    const id = random.pick(ports.tasks());
    if (id !== undefined) mutate('task.create', { id, listId, title: say(tab, 'taken') });
  };
  switch (kind) {
    case 'list.rename':
      return mutate('list.rename', { id: listId, title: say(tab, 'list') });
    case 'list.archive':
      return mutate('list.archive', { id: listId, archived: random.chance(0.5) });
    case 'list.delete':
      return mutate('list.delete', { id: listId });
    case 'label.create':
      return mutate('label.create', { id: v7(), listId, name: say(tab, 'label') });
    case 'member.invite':
      return mutate('member.invite', { listId, email: person.email, role: random.chance(0.8) ? 'editor' : 'viewer' });
    case 'member.remove': {
      if (ports.removal) return mutate('member.remove', ports.removal);
      const member = random.pick(members);
      if (member) mutate('member.remove', { listId, userId: member.id });
      return;
    }
    case 'member.setRole': {
      const member = random.pick(members);
      if (member)
        mutate('member.setRole', {
          listId,
          userId: member.id,
          role: random.pick(['owner', 'editor', 'viewer'] as const)!,
        });
      return;
    }
    case 'membership.update':
      return mutate('membership.update', { listId, fields: { muted: random.chance(0.5) } });
    case 'task.create':
      return create();
    case 'storm':
      for (let n = 0; n < STORM; n++) {
        // An id that is taken, out of this one's sight perhaps: it must not take the others along.
        if (n === 2) take();
        // What Postgres cannot store, which is known only once it has refused it: nor must that.
        if (n === 5) create(`${say(tab, 'task')}\0`);
        create();
      }
      return;
    case 'id.taken':
      return take();
  }
  if (kind === 'label.update' && label)
    return mutate('label.update', { id: label.id, fields: { name: say(tab, 'label') } });
  if (kind === 'label.delete' && label) return mutate('label.delete', { id: label.id });
  if (kind === 'task.restore') {
    const gone = random.pick(tab.deleted);
    if (gone !== undefined) mutate('task.restore', { id: gone });
    return;
  }
  if (task === undefined) return;
  const { id } = task;
  switch (kind) {
    case 'task.update':
      return mutate('task.update', {
        id,
        fields: random.chance(0.7) ? { title: say(tab, 'task') } : { notes: say(tab, 'notes'), priority: 'high' },
      });
    case 'task.place':
      return mutate('task.place', { id, after: after === id || after === undefined ? null : after });
    case 'task.move':
      if (other !== undefined && other !== listId) mutate('task.place', { id, after: null, listId: other });
      return;
    case 'task.complete':
      return mutate('task.complete', { id, done: random.chance(0.7) });
    case 'task.delete':
      tab.deleted.push(id);
      return mutate('task.delete', { id });
    case 'task.assign':
      return mutate('task.assign', { id, ...(random.chance(0.7) ? { add: [person.id] } : { remove: [person.id] }) });
    case 'task.label':
      if (label) mutate('task.label', { id, ...(random.chance(0.7) ? { add: [label.id] } : { remove: [label.id] }) });
      return;
  }
}

export function follow(tab: Tab, scope: ScopeId): void {
  if (tab.followed.has(scope)) return;
  tab.followed.add(scope);
  void tab.client.open(scope).ready.catch(() => undefined);
}

/** Tasks that somebody has before them. */
export function seenTasks(tabs: readonly Tab[]): string[] {
  const seen = new Set<string>();
  for (const { client, isAlive, device } of tabs) {
    if (client === undefined || !isAlive) continue;
    for (const { id } of client.all(scopeOf('user', device.person.id), 'membership')) {
      for (const task of client.all(scopeOf('list', id), 'task')) seen.add(task.id);
    }
  }
  return [...seen].sort();
}
