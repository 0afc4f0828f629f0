import type { ListState } from '#lib/state/list.svelte.ts';

/** The list as others' programs and a paste into quick add read it: `- [ ] title`, sub-tasks indented. */
export function listAsMarkdown(list: Pick<ListState, 'title' | 'tasks' | 'childrenOf' | 'task'>): string {
  const lines = [`# ${list.title}`, ''];
  for (const task of list.tasks) {
    const { parentId } = task.value;
    if (parentId !== null && list.task(parentId)) continue;
    lines.push(lineOf(task.value, ''));
    for (const child of list.childrenOf(task.id)) lines.push(lineOf(child.value, '  '));
  }
  return `${lines.join('\n')}\n`;
}

function lineOf(
  { done, title, due }: { done: boolean; title: string; due: { date: string; time?: string } | null },
  indent: string,
): string {
  const when = due ? ` (${due.date}${due.time ? ` ${due.time}` : ''})` : '';
  return `${indent}- [${done ? 'x' : ' '}] ${title}${when}`;
}
