import { readFileSync } from 'node:fs';
import type { ToolTask } from '@muster/domain/tools/tool';
import { expect, test } from 'vitest';
import { SampleList } from './sample-list.ts';

interface Wanted {
  title: string;
  due?: { date: string; time?: string } | null;
  priority?: string;
  labels?: string[];
  assignees?: string[];
  notes?: string;
  done?: boolean;
  under?: string;
  children?: { title: string }[];
  index?: number;
}
interface Sample {
  say: string;
  added?: Wanted[];
  changed?: Record<string, Partial<Wanted>>;
  removed?: string[];
  mentions?: string[];
  mentionsAny?: string[];
  omits?: string[];
  asks?: boolean;
  declines?: boolean;
  plan?: { under?: string; atLeast: number };
}

const samples = readFileSync(new URL('samples.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Sample);

const fold = (title: string): string => title.toLowerCase().replace(/[.!?]+$/u, '');
const bare = ({ due, priority, labels, assignees, notes, done, title }: ToolTask) => ({
  title: fold(title),
  due: due && { date: due.date, ...(due.time ? { time: due.time } : {}) },
  priority,
  labels,
  assignees,
  notes,
  done,
});

test.each(samples)('$say', (sample) => {
  const list = new SampleList();
  const before = new Map(list.tasks().map((task) => [task.id, task]));
  const words = list.ask(sample.say);
  const after = list.tasks();
  const now = new Map(after.map((task) => [task.id, task]));
  const added = after.filter(({ id }) => !before.has(id));

  if (sample.plan) {
    const parent = after.find(({ title }) => title === sample.plan?.under);
    const steps = added.filter(({ parentId }) => (parent ? parentId === parent.id : true));
    expect(steps.length).toBeGreaterThanOrEqual(sample.plan.atLeast);
    expect(new Set(steps.map(({ title }) => title)).size).toBe(steps.length);
  } else {
    const blank = { due: null, priority: 'none', labels: [], assignees: [], notes: '', done: false };
    expect(added.map(bare)).toEqual(
      (sample.added ?? []).map(({ under: _, children: __, ...wanted }) => ({
        ...blank,
        ...wanted,
        title: fold(wanted.title),
      })),
    );
    (sample.added ?? []).forEach(({ under }, at) => {
      expect(now.get(added[at]?.parentId ?? '')?.title).toBe(under);
    });
  }
  const removed = [...before.values()].filter(({ id }) => !now.has(id)).map(({ title }) => title);
  expect(removed).toEqual(sample.removed ?? []);
  for (const [id, was] of before) {
    const task = now.get(id);
    if (!task) continue;
    const { index, ...wanted } = sample.changed?.[was.title] ?? {};
    expect(bare(task)).toEqual({ ...bare(was), ...wanted, ...(wanted.title ? { title: fold(wanted.title) } : {}) });
    if (index !== undefined) expect(after.filter(({ parentId }) => parentId === null).indexOf(task)).toBe(index);
  }
  const said = words.toLowerCase();
  for (const word of sample.mentions ?? []) expect(said).toContain(word.toLowerCase());
  if (sample.mentionsAny) expect(sample.mentionsAny.some((word) => said.includes(word.toLowerCase()))).toBe(true);
  for (const word of sample.omits ?? []) expect(said).not.toContain(word.toLowerCase());
  if (sample.asks) expect(words).toContain('?');
  if (sample.declines) expect(said).toMatch(/can’t|cannot|can not/u);
});
