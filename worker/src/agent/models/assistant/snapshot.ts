import type { ToolMember, ToolTask } from '@muster/domain/tools/tool';
import * as z from 'zod/mini';

/** What the assistant knows of the list: the answers of its own list_tasks calls, joined. */
export interface Snapshot {
  title: string;
  total: number;
  tasks: ToolTask[];
  members: ToolMember[];
  labels: string[];
  me: string | null;
  now: number;
  zone: string;
}

const answer = z.looseObject({
  list: z.looseObject({ title: z.string() }),
  total: z.number(),
  tasks: z.array(z.custom<ToolTask>((value) => typeof value === 'object' && value !== null && 'title' in value)),
  members: z.array(z.custom<ToolMember>((value) => typeof value === 'object' && value !== null && 'name' in value)),
  labels: z.array(z.string()),
  me: z.nullable(z.string()),
  now: z.looseObject({ zone: z.string(), ms: z.number() }),
});

/** Joins the pages of list_tasks; undefined where none could be read. */
export function joinPages(texts: string[]): Snapshot | undefined {
  const pages = texts.flatMap((text) => {
    const parsed = z.safeParse(answer, parseJson(text));
    return parsed.success ? [parsed.data] : [];
  });
  const [first] = pages;
  if (!first) return undefined;
  const tasks = [...new Map(pages.flatMap((page) => page.tasks).map((task) => [task.id, task])).values()];
  const { list, total, members, labels, me, now } = first;
  return { title: list.title, total, tasks, members, labels, me, now: now.ms, zone: now.zone };
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
