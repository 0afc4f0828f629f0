/** What can be measured, in the order in which it is. */
export const PARTS = [
  ...(['delivery', 'open', 'fan-out', 'idle', 'dashboard', 'storm', 'runs', 'commit', 'socket', 'costs'] as const),
  ...(['big-store', 'page', 'tabs'] as const),
] as const;
export type Part = (typeof PARTS)[number];

export interface BenchOptions {
  parts: readonly Part[];
  /** A look whether all of it runs, in a minute: figures from so few slices are worth nothing. */
  isQuick: boolean;
  /** Of some parts alone: their sections of docs/performance.md are written anew, the others stay. */
  isWritten: boolean;
}

export const USAGE = `npm run bench [-- --only <name>] [--quick] [--write]
  --only <name>  measures one part, or several (--only delivery,commit): ${PARTS.join(', ')}
  --quick        few and short slices, to see that it runs
  --write        writes the sections of these parts into docs/performance.md, and leaves the others
All parts in full length take some fifteen minutes and write docs/performance.md; without --write a part only prints, a quick run always.`;

/** @throws {Error} with a readable line where an argument is none */
export function parseOptions(args: readonly string[]): BenchOptions {
  const parts = new Set<Part>();
  let isQuick = false;
  let isWrite = false;
  for (let at = 0; at < args.length; at++) {
    const [name, inline] = (args[at] ?? '').split('=', 2);
    if (name === '--quick' && inline === undefined) isQuick = true;
    else if (name === '--write' && inline === undefined) isWrite = true;
    else if (name === '--only') for (const part of readParts(inline ?? args[++at])) parts.add(part);
    else throw new Error(`There is no option "${args[at]}".\n${USAGE}`);
  }
  const isAll = parts.size === 0;
  return {
    parts: PARTS.filter((part) => isAll || parts.has(part)),
    isQuick,
    isWritten: !isQuick && (isAll || isWrite),
  };
}

function readParts(text: string | undefined): Part[] {
  const names = (text ?? '').split(',').filter((name) => name !== '');
  if (names.length === 0) throw new Error(`--only needs a name: ${PARTS.join(', ')}.`);
  return names.map((name) => {
    const part = PARTS.find((known) => known === name);
    if (part === undefined) throw new Error(`There is no part "${name}" to measure: ${PARTS.join(', ')}.`);
    return part;
  });
}
