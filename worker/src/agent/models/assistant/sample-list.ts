import { randomUUID } from 'node:crypto';
import { compareBytes } from '@muster/domain/ordering';
import { inOrder } from '@muster/domain/tools/list-tasks';
import { findTool } from '@muster/domain/tools/registry';
import { toToolTask } from '@muster/domain/tools/tool-list';
import type { ToolContext, ToolList, ToolTask } from '@muster/domain/tools/tool';
import { MusterError, parseOrThrow } from '@muster/protocol/error';
import type { Task } from '@muster/protocol/task';
import type { AgentInputItem } from '@openai/agents';
import { respond } from './respond.ts';

/** The list that samples.jsonl speaks of, with the tools' own plans on it: for tests of the assistant. */

const scope = 'list:00000000-0000-7000-8000-000000000010' as const;
const ADA = '00000000-0000-7000-8000-000000000001';
const GRACE = '00000000-0000-7000-8000-000000000002';
/** Wednesday 2026-03-04, 10:00 in Berlin. */
const NOW = Date.parse('2026-03-04T09:00:00Z');

const START: [title: string, date: string | null, priority: Task['priority'], labels: string[], done: boolean][] = [
  ['Buy milk', '2026-03-04', 'none', [], false],
  ['Call the dentist', '2026-03-02', 'none', [], false],
  ['Write the launch post', '2026-03-06', 'high', [], false],
  ['Fix login bug', null, 'urgent', ['bug'], false],
  ['Fix logout bug', null, 'none', ['bug'], false],
  ['Book flights to Lisbon', '2026-03-20', 'none', [], false],
  ['Plan the offsite', null, 'none', [], false],
  ['Water the plants', '2026-03-01', 'none', [], true],
];

export class SampleList {
  readonly #list: ToolList;
  readonly #history: AgentInputItem[] = [];
  #next = 0;

  constructor() {
    const bug = { scope, type: 'label' as const, id: randomUUID(), value: { name: 'bug', color: 'red' as const } };
    this.#list = {
      id: scope.slice(5),
      title: 'Work',
      seq: 1,
      labels: [bug],
      members: [
        { id: ADA, name: 'Ada', role: 'owner' },
        { id: GRACE, name: 'Grace', role: 'editor' },
      ],
      tasks: START.map(([title, date, priority, labels, done]) => ({
        scope,
        type: 'task',
        id: randomUUID(),
        value: {
          listId: scope.slice(5),
          parentId: null,
          title,
          notes: '',
          done,
          doneAt: done ? NOW - 1_000 : null,
          due: date === null ? null : { date },
          priority,
          assigneeIds: [],
          labelIds: labels.map(() => bug.id),
          pos: this.#pos(),
          createdAt: NOW - 86_400_000,
          createdBy: ADA,
        },
      })),
    };
  }

  #pos(): string {
    return String((this.#next += 1_000)).padStart(9, '0');
  }

  tasks(): ToolTask[] {
    return inOrder(this.#list).map((task) => toToolTask(task, this.#list));
  }

  /** Asks, carries out every call, and returns the last words. */
  ask(said: string): string {
    this.#history.push({ role: 'user', content: said });
    for (let turn = 0; turn < 5; turn += 1) {
      const answer = respond(this.#history, { now: NOW, zone: 'Europe/Berlin' });
      if ('text' in answer) {
        this.#history.push({
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: answer.text }],
        });
        return answer.text;
      }
      for (const { name, args } of answer.calls) {
        const callId = randomUUID();
        this.#history.push({
          type: 'function_call',
          callId,
          name,
          arguments: JSON.stringify(args),
          status: 'completed',
        });
        const output = { type: 'text' as const, text: this.#call(name, args) };
        this.#history.push({ type: 'function_call_result', name, callId, status: 'completed', output });
      }
    }
    throw new Error(`“${said}” never came to an end`);
  }

  #call(name: string, raw: unknown): string {
    const tool = findTool(name);
    if (!tool) throw new Error(`there is no tool ${name}`);
    const context: ToolContext = { list: this.#list, askerId: ADA, now: NOW, zone: 'Europe/Berlin', newId: randomUUID };
    try {
      const plan = tool.plan(parseOrThrow(tool.args, raw), context);
      for (const command of plan.commands) this.#apply(command.name, command.args as never);
      return JSON.stringify(plan.answer);
    } catch (error) {
      if (error instanceof MusterError) return JSON.stringify({ error: { code: error.code, message: error.message } });
      throw error;
    }
  }

  #apply(name: string, args: Record<string, never>): void {
    const { tasks, labels } = this.#list;
    const task = tasks.find(({ id }) => id === args['id']);
    const set = (fields: Partial<Task>): void => void (task && (task.value = { ...task.value, ...fields }));
    const merged = (had: string[]): string[] =>
      [...had, ...((args['add'] ?? []) as string[])].filter((id) => !((args['remove'] ?? []) as string[]).includes(id));
    if (name === 'label.create')
      labels.push({
        scope,
        type: 'label',
        id: args['id'] as never,
        value: { name: args['name'] as never, color: 'red' },
      });
    else if (name === 'task.create') {
      const value: Task = {
        listId: '',
        parentId: null,
        title: '',
        notes: '',
        done: false,
        doneAt: null,
        due: null,
        priority: 'none',
        assigneeIds: [],
        labelIds: [],
        pos: this.#pos(),
        createdAt: NOW,
        createdBy: ADA,
      };
      tasks.push({ scope, type: 'task', id: args['id'] as never, value: { ...value, ...(args as object) } });
    } else if (name === 'task.update') set(args['fields'] as unknown as Partial<Task>);
    else if (name === 'task.complete') set({ done: args['done'] as never, doneAt: NOW });
    else if (name === 'task.label') set({ labelIds: merged(task?.value.labelIds ?? []) });
    else if (name === 'task.assign') set({ assigneeIds: merged(task?.value.assigneeIds ?? []) });
    else if (name === 'task.delete')
      this.#list.tasks = tasks.filter(({ id, value }) => id !== args['id'] && value.parentId !== args['id']);
    else if (name === 'task.place') {
      const after = tasks.find(({ id }) => id === args['after']);
      set({
        pos: after ? `${after.value.pos}5` : '0',
        ...('parentId' in args ? { parentId: args['parentId'] as never } : {}),
      });
      this.#list.tasks.sort((a, b) => compareBytes(a.value.pos, b.value.pos));
    } else throw new Error(`the sample list does not know ${name}`);
  }
}
