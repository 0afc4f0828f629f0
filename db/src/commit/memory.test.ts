import type { Task } from '@muster/protocol/task';
import { describe, expect, test } from 'vitest';
import type { Batch } from './decide.ts';
import { Facts, pairKey } from './facts.ts';
import type { LoadPlan } from './load-plan.ts';
import { Memory } from './memory.ts';
import { Overlay } from './overlay.ts';
import { Wants } from './wants.ts';

const plan = (scope: `list:${string}`, tasks: string[] = [], more: Partial<LoadPlan> = {}): LoadPlan => ({
  ...{ acls: [scope], isExclusive: false, newClients: [], scopes: [scope], roles: [[scope, 'ada']], tasks, last: [] },
  ...{ clients: [{ id: 'c', principal: 'ada', firstMid: 1, lastMid: 1 }], wants: new Wants(), ...more },
});

const task = (scope: `list:${string}`, id: string, notes = '') => ({
  ...{ deletedAt: null as number | null, deletedTxn: null, fieldSeq: {} },
  task: { scope, type: 'task' as const, id, value: { title: id, notes, pos: 'a' } as Task },
});

/** A batch that found the scope at `head`, and left it one further. */
function batch(scope: `list:${string}`, head: number, tasks: ReturnType<typeof task>[] = []): Batch {
  const [facts, overlay] = [new Facts(), new Overlay()];
  facts.logEpoch = 'log';
  facts.scopes.set(scope, { acl: scope, head, headAt: 0, size: 0, isGone: false });
  facts.epochs.set(scope, 1);
  facts.roles.set(pairKey(scope, 'ada'), 'editor');
  overlay.scopes.set(scope, { acl: scope, head: head + 1, headAt: 0, size: 0, isGone: false });
  for (const one of tasks) overlay.tasks.set(one.task.id, one);
  return { facts, overlay } as unknown as Batch;
}

function remembering(scope: `list:${string}`, tasks: ReturnType<typeof task>[] = []): Memory {
  const memory = new Memory();
  memory.setClock(Date.now());
  memory.learn(plan(scope), batch(scope, 1, tasks));
  return memory;
}

describe('what is remembered', () => {
  test('is a scope as our own commit left it, with its tasks', () => {
    const memory = remembering('list:a', [task('list:a', 't')]);
    const facts = memory.recall(plan('list:a', ['t']), []);
    expect(facts?.scopes.get('list:a')?.head).toBe(2);
    expect(facts?.tasks.get('t')).toEqual(task('list:a', 't'));
  });

  test('is not enough for another task, another person, another scope, or more than tasks', () => {
    const memory = remembering('list:a', [task('list:a', 't')]);
    const more = new Wants();
    more.add('label', 'l');
    for (const other of [
      plan('list:a', ['another']),
      plan('list:a', [], { roles: [['list:a', 'bob']] }),
      plan('list:b'),
      plan('list:a', [], { wants: more }),
      plan('list:a', [], { last: ['list:a'] }),
      plan('list:a', [], { isExclusive: true }),
      plan('list:a', [], { newClients: [['c', 'ada']] }),
      plan('list:a', [], { clients: [{ id: 'c', principal: 'ada', firstMid: 0, lastMid: 4 }] }),
    ]) {
      expect(memory.recall(other, [])).toBeUndefined();
    }
  });

  test('ends with a task that is deleted, moves away or is long, with a membership change, and with another log', () => {
    const memory = remembering('list:a', [task('list:a', 't'), task('list:a', 'long', 'x'.repeat(3_000))]);
    expect(memory.recall(plan('list:a', ['long']), [])).toBeUndefined();
    memory.learn(plan('list:a'), batch('list:a', 2, [{ ...task('list:a', 't'), deletedAt: 1 }]));
    expect(memory.recall(plan('list:a', ['t']), [])).toBeUndefined();
    memory.learn(plan('list:a'), batch('list:a', 3, [task('list:a', 't')]));
    expect(memory.recall(plan('list:a', ['t']), [])).toBeDefined();
    memory.learn(plan('list:a'), batch('list:a', 4, [task('list:b', 't')]));
    expect(memory.recall(plan('list:a', ['t']), [])).toBeUndefined();
    memory.learn(plan('list:a', [], { isExclusive: true }), batch('list:a', 5));
    expect(memory.recall(plan('list:a'), [])).toBeUndefined();
    memory.learn(plan('list:a'), batch('list:a', 6));
    memory.clear();
    expect(memory.recall(plan('list:a'), [])).toBeUndefined();
  });

  test('of a task is over once another process wrote to its scope', () => {
    const memory = remembering('list:a', [task('list:a', 't')]);
    memory.learn(plan('list:a'), batch('list:a', 9));
    for (let head = 10; head < 80; head++) memory.learn(plan('list:a'), batch('list:a', head));
    expect(memory.recall(plan('list:a'), [])).toBeDefined();
    expect(memory.recall(plan('list:a', ['t']), [])).toBeUndefined();
  });

  test('of a task in one list is no use to a commit that compares another one’s head', () => {
    const memory = remembering('list:a', [task('list:a', 't')]);
    memory.learn(plan('list:b'), batch('list:b', 1));
    expect(memory.recall(plan('list:b', ['t']), [])).toBeUndefined();
  });

  test('stays within bounds, and the oldest goes first', () => {
    const memory = remembering('list:first', [task('list:first', 'first')]);
    for (let n = 0; n < 100; n++) {
      const tasks = Array.from({ length: 60 }, (_, index) => task(`list:${n}`, `${n}.${index}`));
      memory.learn(plan(`list:${n}`), batch(`list:${n}`, 1, tasks));
    }
    expect(memory.recall(plan('list:first', ['first']), [])).toBeUndefined();
    expect(memory.recall(plan('list:first'), [])).toBeDefined();
    expect(memory.recall(plan('list:99', ['99.59']), [])).toBeDefined();
    for (let n = 0; n < 2_000; n++) memory.learn(plan(`list:${n}`), batch(`list:${n}`, 1));
    expect(memory.recall(plan('list:first'), [])).toBeUndefined();
  });
});

test('a scope in which another process writes too is tried less and less often, until that one is quiet', () => {
  const memory = remembering('list:a');
  let head = 2;
  let tried = 0;
  for (let n = 0; n < 1_000; n++) {
    if (memory.recall(plan('list:a'), [])) tried += 1;
    // Before every third of our commits another one came.
    head += n % 3 === 0 ? 1 : 0;
    memory.learn(plan('list:a'), batch('list:a', head));
    head += 1;
  }
  expect(tried).toBeLessThan(5);
  for (let n = 0; n < 64; n++, head++) memory.learn(plan('list:a'), batch('list:a', head));
  expect(memory.recall(plan('list:a'), [])).toBeDefined();
});

test('time never runs ahead of Postgres’s, and is not guessed where it was never told', () => {
  const memory = new Memory();
  memory.learn(plan('list:a'), batch('list:a', 1));
  expect(memory.recall(plan('list:a'), [])).toBeUndefined();
  memory.setClock(1_000_000);
  memory.setClock(500_000);
  const now = memory.recall(plan('list:a'), [])?.now ?? NaN;
  expect(now).toBeGreaterThanOrEqual(1_000_000);
  expect(now).toBeLessThan(1_060_000);
});
