import type { Stored } from '@muster/protocol/entity';
import { MusterError } from '@muster/protocol/error';
import type { Task } from '@muster/protocol/task';
import * as z from 'zod/mini';
import { describe, expect, it } from 'vitest';
import { findTool, TOOLS } from './registry.ts';
import { toolSchema } from './tool-schema.ts';
import { toolWords } from './tool-words.ts';
import type { ToolContext, ToolPlan } from './tool.ts';

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const ADA = uuid(901);
const GRACE = uuid(902);
const LIST = uuid(500);

function task(n: number, title: string, more: Partial<Task> = {}): Stored<'task'> {
  return {
    scope: `list:${LIST}`,
    type: 'task',
    id: uuid(n),
    value: {
      listId: LIST,
      parentId: null,
      title,
      notes: '',
      done: false,
      doneAt: null,
      due: null,
      priority: 'none',
      assigneeIds: [],
      labelIds: [],
      pos: `a${n}`,
      createdAt: 1,
      createdBy: ADA,
      ...more,
    },
  };
}

function contextWith(tasks: Stored<'task'>[]): ToolContext {
  let next = 1000;
  return {
    list: {
      id: LIST,
      title: 'Trip',
      seq: 7,
      tasks,
      labels: [{ scope: `list:${LIST}`, type: 'label', id: uuid(800), value: { name: 'Bug', color: 'red' } }],
      members: [
        { id: ADA, name: 'Ada Lovelace', role: 'owner' },
        { id: GRACE, name: 'Grace Hopper', role: 'editor' },
      ],
    },
    askerId: ADA,
    now: Date.UTC(2026, 2, 4, 9),
    zone: 'Europe/Berlin',
    newId: () => uuid(next++),
  };
}

function plan(name: string, args: Record<string, unknown>, context = contextWith([])): ToolPlan {
  const tool = findTool(name);
  if (!tool) throw new Error(name);
  return tool.plan(z.parse(tool.args, args), context);
}

const refusal = (act: () => unknown): MusterError => {
  try {
    act();
  } catch (error) {
    if (error instanceof MusterError) return error;
    throw error;
  }
  throw new Error('was not refused');
};

const CHANGE = {
  title: null,
  notes: null,
  due: null,
  priority: null,
  addLabels: null,
  removeLabels: null,
  addAssignees: null,
  removeAssignees: null,
};
const NEW = { title: 'Milk', notes: null, due: null, priority: null, labels: null, assignees: null };
const READ = {
  list: null,
  status: null,
  label: null,
  assignee: null,
  priority: null,
  dueFrom: null,
  dueTo: null,
  offset: null,
  limit: null,
};

describe('schemas', () => {
  it.each(TOOLS.map((tool) => [tool.name, tool] as const))('%s is strict all the way down', (_name, tool) => {
    const walk = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return;
      const schema = node as Record<string, unknown>;
      if (schema['type'] === 'object') {
        expect(schema['additionalProperties']).toBe(false);
        expect(schema['required']).toEqual(Object.keys(schema['properties'] as object));
      }
      Object.values(schema).forEach(walk);
    };
    const schema = toolSchema(tool);
    expect(schema.type).toBe('object');
    expect(JSON.stringify(schema)).not.toMatch(/"(pattern|maxLength|maxItems|\$schema|oneOf|allOf)"/);
    walk(schema);
  });
});

describe('add_tasks', () => {
  it('maps names to ids, makes a new label once, and gives a time the zone of the asker', () => {
    const { commands, answer } = plan('add_tasks', {
      list: null,
      parent: null,
      after: null,
      tasks: [
        {
          ...NEW,
          title: '  Fly ',
          due: { date: '2026-03-05', time: '09:00', zone: null },
          labels: ['bug', 'Travel'],
          assignees: ['me', 'grace'],
          children: [{ ...NEW, title: 'Passport', labels: ['#travel'] }],
        },
      ],
    });
    expect(commands.map((command) => command.name)).toEqual(['label.create', 'task.create', 'task.create']);
    const [label, parent, child] = commands.map((command) => command.args);
    expect(label).toMatchObject({ name: 'Travel', listId: LIST });
    expect(parent).toEqual({
      id: expect.any(String),
      listId: LIST,
      title: 'Fly',
      due: { date: '2026-03-05', time: '09:00', zone: 'Europe/Berlin' },
      labelIds: [uuid(800), label?.['id']],
      assigneeIds: [ADA, GRACE],
    });
    expect(child).toMatchObject({ parentId: parent?.['id'], title: 'Passport', labelIds: [label?.['id']] });
    expect(answer.tasks.map((t) => [t.title, t.labels, t.assignees])).toEqual([
      ['Fly', ['Bug', 'Travel'], ['Ada Lovelace', 'Grace Hopper']],
      ['Passport', ['Travel'], []],
    ]);
  });

  it('keeps the order of several tasks at the top and behind a task', () => {
    const context = contextWith([task(1, 'One')]);
    const tasks = [
      { ...NEW, title: 'A', children: null },
      { ...NEW, title: 'B', children: null },
    ];
    const top = plan('add_tasks', { list: null, parent: null, after: 'top', tasks }, context).commands;
    expect(top.map((command) => command.args['after'])).toEqual([null, top[0]?.args['id']]);
    const behind = plan('add_tasks', { list: null, parent: null, after: uuid(1), tasks }, context).commands;
    expect(behind.map((command) => command.args['after'])).toEqual([uuid(1), behind[0]?.args['id']]);
    const end = plan('add_tasks', { list: null, parent: null, after: null, tasks }, context).commands;
    expect(end.some((command) => 'after' in command.args)).toBe(false);
  });

  it('refuses a person who is not there, naming who is', () => {
    const error = refusal(() =>
      plan('add_tasks', {
        list: null,
        parent: null,
        after: null,
        tasks: [{ ...NEW, assignees: ['Bob'], children: null }],
      }),
    );
    expect(error.code).toBe('invalid');
    expect(error.message).toContain('Ada Lovelace, Grace Hopper');
  });

  it('refuses children of sub-tasks', () => {
    const tasks = [{ ...NEW, children: [NEW] }];
    const context = contextWith([task(1, 'One'), task(2, 'Under', { parentId: uuid(1) })]);
    expect(refusal(() => plan('add_tasks', { list: null, parent: uuid(1), after: null, tasks }, context)).code).toBe(
      'invalid',
    );
    expect(
      refusal(() =>
        plan('add_tasks', { list: null, parent: uuid(2), after: null, tasks: [{ ...NEW, children: null }] }, context),
      ).code,
    ).toBe('invalid');
  });
});

describe('update_task', () => {
  it('changes only what is not null, and says which task it overwrites', () => {
    const context = contextWith([task(1, 'One', { notes: 'old', labelIds: [uuid(800)] })]);
    const { commands, answer } = plan(
      'update_task',
      { list: null, tasks: [{ ...CHANGE, id: uuid(1), due: 'none', removeLabels: ['BUG'], addAssignees: ['Grace'] }] },
      context,
    );
    expect(commands).toEqual([
      { name: 'task.update', args: { id: uuid(1), fields: { due: null } }, overwrites: uuid(1) },
      { name: 'task.label', args: { id: uuid(1), remove: [uuid(800)] } },
      { name: 'task.assign', args: { id: uuid(1), add: [GRACE] } },
    ]);
    expect(answer.tasks[0]).toMatchObject({ title: 'One', notes: 'old', labels: [], assignees: ['Grace Hopper'] });
  });

  it('answers not_found for a task that is not in the list', () => {
    expect(
      refusal(() => plan('update_task', { list: null, tasks: [{ ...CHANGE, id: 'nope', title: 'x' }] })).code,
    ).toBe('not_found');
  });
});

describe('complete_task, delete_task, move_task', () => {
  const tasks = [task(1, 'One'), task(2, 'Under', { parentId: uuid(1) }), task(3, 'Three', { done: true, doneAt: 5 })];

  it('leaves what is done already alone', () => {
    const { commands, answer } = plan(
      'complete_task',
      { list: null, ids: [uuid(1), uuid(3)], done: true },
      contextWith(tasks),
    );
    expect(commands.map((command) => command.args)).toEqual([{ id: uuid(1), done: true }]);
    expect(answer.tasks.map((t) => t.doneAt)).toEqual([Date.UTC(2026, 2, 4, 9), 5]);
  });

  it('deletes a parent once, with its sub-tasks', () => {
    const { commands, answer } = plan('delete_task', { list: null, ids: [uuid(2), uuid(1)] }, contextWith(tasks));
    expect(commands.map((command) => command.args)).toEqual([{ id: uuid(1) }]);
    expect(answer['deleted']).toBe(2);
  });

  it('places several tasks one behind the other', () => {
    const { commands } = plan(
      'move_task',
      { list: null, ids: [uuid(3), uuid(1)], after: 'top', parent: null },
      contextWith(tasks),
    );
    expect(commands.map((command) => command.args)).toEqual([
      { id: uuid(3), after: null },
      { id: uuid(1), after: uuid(3) },
    ]);
  });

  it('does not put a task with sub-tasks under another, nor under itself', () => {
    const into = (ids: string[], parent: string) => () =>
      plan('move_task', { list: null, ids, after: null, parent }, contextWith(tasks));
    expect(refusal(into([uuid(1)], uuid(3))).code).toBe('invalid');
    expect(refusal(into([uuid(3)], uuid(3))).code).toBe('invalid');
    expect(refusal(into([uuid(3)], uuid(2))).code).toBe('invalid');
  });
});

describe('list_tasks, search_tasks', () => {
  const tasks = [
    task(2, 'Under', { parentId: uuid(1) }),
    task(1, 'Book flights', { due: { date: '2026-03-05' } }),
    task(3, 'Call', { notes: 'about the flights', done: true, assigneeIds: [GRACE] }),
  ];

  it('shows open tasks, each sub-task behind its parent, and what surrounds them', () => {
    const { answer, commands } = plan('list_tasks', READ, contextWith(tasks));
    expect(commands).toEqual([]);
    expect(answer.tasks.map((t) => t.title)).toEqual(['Book flights', 'Under']);
    expect(answer).toMatchObject({
      total: 2,
      list: { id: LIST, title: 'Trip', seq: 7 },
      labels: ['Bug'],
      me: 'Ada Lovelace',
      now: { date: '2026-03-04', time: '10:00', weekday: 'Wednesday', zone: 'Europe/Berlin' },
    });
  });

  it('filters and pages', () => {
    const titles = (more: Record<string, unknown>): string[] =>
      plan('list_tasks', { ...READ, ...more }, contextWith(tasks)).answer.tasks.map((t) => t.title);
    expect(titles({ dueFrom: '2026-03-05', dueTo: '2026-03-05' })).toEqual(['Book flights']);
    expect(titles({ assignee: 'Grace', status: 'all' })).toEqual(['Call']);
    expect(titles({ assignee: 'nobody', status: 'all' })).toEqual(['Book flights', 'Under']);
    expect(titles({ label: 'none such' })).toEqual([]);
    expect(titles({ status: 'all', offset: 1, limit: 1 })).toEqual(['Under']);
  });

  it('finds titles before notes', () => {
    const { answer } = plan('search_tasks', { ...READ, query: 'FLIGHTS' }, contextWith(tasks));
    expect(answer.tasks.map((t) => t.title)).toEqual(['Book flights', 'Call']);
  });
});

describe('words for cards', () => {
  it('says what goes on, what was done, and why not', () => {
    const args = { list: null, parent: null, after: null, tasks: [{ ...NEW, children: null }] };
    const { answer } = plan('add_tasks', args);
    expect(toolWords('add_tasks', args, undefined)).toEqual({ text: 'Adding tasks', state: 'running' });
    expect(toolWords('add_tasks', args, JSON.stringify(answer))).toEqual({
      text: 'Added “Milk” to Trip',
      state: 'done',
    });
    const two = { ...answer, tasks: [...answer.tasks, ...answer.tasks] };
    expect(toolWords('add_tasks', args, JSON.stringify(two)).text).toBe('Added 2 tasks to Trip');
    const error = JSON.stringify({ error: { code: 'not_found', message: 'Gone.' } });
    expect(toolWords('add_tasks', args, error)).toEqual({ text: 'Gone.', state: 'failed' });
  });

  it('never throws on what it does not know', () => {
    expect(toolWords('fly_to_moon', {}, '{"x":1}')).toEqual({ text: 'fly_to_moon', state: 'done' });
    expect(toolWords('add_tasks', { nonsense: 1 }, 'not json')).toEqual({ text: 'Adding tasks', state: 'done' });
  });
});
