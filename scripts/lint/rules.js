import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { INTERNAL, ROOMS } from './import-table.js';

const TEST = /\.test\.ts$|\.spec\.ts$|\/(test|testing|fixtures)\//;

/** The deepest room that holds a path, so that `scripts/testing` is not taken for `scripts`. */
function findRoom(path) {
  const holds = Object.entries(ROOMS).filter(([, { folder }]) => path === folder || path.startsWith(`${folder}/`));
  return holds.sort(([, a], [, b]) => b.folder.length - a.folder.length)[0]?.[0];
}

function matches(source, pattern) {
  if (pattern.endsWith('*')) return source.startsWith(pattern.slice(0, -1));
  return source === pattern || source.startsWith(`${pattern}/`);
}

/** @returns what is wrong with an import, or undefined */
export function judgeImport(root, file, source) {
  const path = relative(root, file).split(sep).join('/');
  const room = findRoom(path);
  if (room === undefined) return undefined;
  const isTest = TEST.test(path);
  if (source.startsWith('.')) {
    const target = findRoom(
      relative(root, join(dirname(file), source))
        .split(sep)
        .join('/'),
    );
    if (target === room || ROOMS[room].may.includes('*')) return undefined;
    return `A relative import may not leave its room: import from @muster/${target ?? '…'}.`;
  }
  if (isTest) return undefined;
  const { may, never, onlyForeign } = ROOMS[room];
  if (!source.startsWith('@muster/')) {
    // What builds the page runs on Node; what is built does not.
    if (room === 'web' && !path.startsWith('web/src/')) return undefined;
    if (never.some((pattern) => matches(source, pattern))) return `${room} never imports ${source}.`;
    if (onlyForeign !== undefined && !onlyForeign.some((pattern) => matches(source, pattern))) {
      return `${room} imports nothing but ${onlyForeign.join(', ')}.`;
    }
    return undefined;
  }
  const target = source.split('/')[1];
  if (target !== room && !may.includes('*') && !may.includes(target)) {
    return `${room} may not import ${target} (it may: ${may.join(', ') || 'nothing of ours'}).`;
  }
  if (source.startsWith(INTERNAL.prefix) && !may.includes('*') && ![...INTERNAL.rooms, 'protocol'].includes(room)) {
    return `${INTERNAL.prefix}* is for servers only.`;
  }
  return undefined;
}

const importTable = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const check = (node) => {
      const source = node.source?.value ?? node.source?.literal?.value ?? node.argument?.literal?.value;
      if (typeof source !== 'string') return;
      const fault = judgeImport(context.cwd, context.filename, source);
      if (fault !== undefined) context.report({ node, message: fault });
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportAllDeclaration: check,
      ExportNamedDeclaration: check,
      TSImportType: check,
    };
  },
};

const BANNED_NAMES = new Set(['shared', 'common', 'utils', 'util', 'helpers', 'helper', 'misc']);

/** @returns what is wrong with a file's name, or undefined */
export function judgeFileName(root, file) {
  const path = relative(root, file).split(sep).join('/');
  const isRoute = path.startsWith('web/src/routes/');
  for (const part of path.split('/')) {
    const stem = part.split('.')[0];
    if (BANNED_NAMES.has(stem)) return `"${part}" says nothing: name it for what it does.`;
    if (!isRoute && !part.startsWith('.') && /[^a-z0-9.-]/.test(part)) return `"${part}" is not kebab-case.`;
  }
  if (/(^|\/)index\.ts$/.test(path)) return 'No barrel files: the exports map is the face of a package.';
  return undefined;
}

const fileName = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    return {
      Program(node) {
        const fault = judgeFileName(context.cwd, context.filename);
        if (fault !== undefined) context.report({ node, loc: { line: 1, column: 0 }, message: fault });
      },
    };
  },
};

/** ESLint keeps results for files that did not change; with another version of the rules it forgets them. */
const version = createHash('sha256')
  .update(readFileSync(new URL('rules.js', import.meta.url)))
  .update(readFileSync(new URL('import-table.js', import.meta.url)))
  .digest('hex');

/** Our own rules, as an ESLint plugin. */
export const muster = {
  meta: { name: 'muster', version },
  rules: { 'import-table': importTable, 'file-name': fileName },
};
