/** One line of a paste, read as a task. */
export interface PastedTask {
  text: string;
  done: boolean;
  /** A sub-task of the last task before it that is none. */
  isChild: boolean;
}

const MARK = /^(?:[-*+\u2022]\s+|\d{1,3}[.)]\s+)?(?:\[( |x|X)\]\s*)?/u;

/**
 * Several lines as tasks: leading `-`, `*`, `1.`, `[ ]` and `[x]` are taken off, two spaces (or a tab) of indent make a
 * sub-task of the line above. Empty lines fall away. Sub-tasks are one level: deeper ones join it.
 */
export function parsePastedLines(text: string): PastedTask[] {
  const lines = text.split(/\r\n?|\n/u).filter((line) => line.trim() !== '');
  // What is indented as a whole, as when it was copied out of something, is not a sub-task of nothing.
  const base = Math.min(...lines.map(indentOf));
  const tasks: PastedTask[] = [];
  for (const line of lines) {
    const mark = MARK.exec(line.trimStart());
    const content = line
      .trimStart()
      .slice(mark?.[0].length ?? 0)
      .trim();
    if (content === '') continue;
    const isChild = tasks.length > 0 && indentOf(line) - base >= 2;
    tasks.push({ text: content, done: mark?.[1]?.toLowerCase() === 'x', isChild });
  }
  return tasks;
}

const indentOf = (line: string): number => (/^\s*/u.exec(line)?.[0] ?? '').replaceAll('\t', '  ').length;

/** What was pasted, where it holds a line break: its tasks, and the same as one line. */
export interface Paste {
  tasks: PastedTask[];
  line: string;
}

/** Undefined for a paste of one line, which the field takes as it is. */
export function readPaste(text: string): Paste | undefined {
  if (!/[\r\n]/u.test(text)) return undefined;
  return { tasks: parsePastedLines(text), line: text.replace(/\s+/gu, ' ').trim() };
}
