import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { startTestPostgres } from '@muster/testing/services';
import { generateTypes } from '../../db/scripts/generate-types.ts';
import { ROOMS } from '../lint/import-table.js';
import { checkDeployment } from './deployment.ts';
import { runProgram } from './run-program.ts';
import type { Step } from './run-steps.ts';

const CACHE = join('node_modules', '.cache', 'muster');

/** Everything that `npm run check` looks at, the slowest first. */
export function listSteps(root: string): Step[] {
  const bin = (path: string) => join(root, 'node_modules', path);
  const run = (args: string[], cwd = root) => runProgram(args, cwd);
  const rooms = Object.entries(ROOMS).filter(([name]) => name !== 'web' && name !== 'testing');
  const typed = rooms.filter(([, { folder }]) => hasSources(root, folder));
  return [
    { name: 'types of web', run: () => checkPage(root, bin, run) },
    {
      name: 'lint',
      run: () => run([bin('eslint/bin/eslint.js'), '.', '--cache', '--cache-location', join(CACHE, 'eslint')]),
    },
    ...typed.map(([name, { folder }]) => ({
      name: `types of ${name}`,
      run: () =>
        run([
          ...[bin('typescript/bin/tsc'), '-p', folder, '--incremental'],
          ...['--tsBuildInfoFile', join(CACHE, 'types', `${name}.tsbuildinfo`)],
        ]),
    })),
    {
      name: 'formatting',
      run: () =>
        run([
          ...[bin('prettier/bin/prettier.cjs'), '.', '--check', '--log-level', 'warn'],
          ...['--cache', '--cache-location', join(CACHE, 'prettier')],
        ]),
    },
    {
      name: 'cycles',
      run: () =>
        run([
          ...[bin('dependency-cruiser/bin/dependency-cruiser.mjs'), '--config', '.dependency-cruiser.js'],
          ...[...rooms.map(([, { folder }]) => folder), 'web/src'].filter((folder) => existsSync(join(root, folder))),
        ]),
    },
    { name: "types of the database's rows", run: verifyRowTypes },
    { name: 'deployment', run: () => checkDeployment(root) },
  ];
}

async function checkPage(
  root: string,
  bin: (path: string) => string,
  run: (args: string[], cwd?: string) => Promise<{ isGood: boolean; output: string }>,
) {
  const web = join(root, 'web');
  const sync = await run([bin('@sveltejs/kit/svelte-kit.js'), 'sync'], web);
  if (!sync.isGood) return sync;
  const worker = await run([bin('typescript/bin/tsc'), '-p', 'src/service-worker'], web);
  if (!worker.isGood) return worker;
  return run([bin('svelte-check/bin/svelte-check'), '--tsconfig', './tsconfig.json', '--output', 'human'], web);
}

async function verifyRowTypes() {
  const server = await startTestPostgres();
  try {
    const url = new URL(server.url);
    // Generating migrates first, so an empty database will do.
    const isGood = await generateTypes(url.href, true);
    return { isGood, output: 'db/src/schema.generated.ts does not match the migrations: npm run generate' };
  } finally {
    await server.stop();
  }
}

function hasSources(root: string, folder: string): boolean {
  return globSync(`${folder}/**/*.ts`, { cwd: root, exclude: (path) => path === 'node_modules' }).length > 0;
}
