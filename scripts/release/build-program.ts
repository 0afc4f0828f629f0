import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'vite';

/**
 * One file of a program: our own packages inside, as they are in `folder`, other people's outside, as they are installed
 * wherever it runs.
 * @returns the program's text
 */
export async function buildProgram(folder: string, entry: string): Promise<string> {
  const made = await build({
    configFile: false,
    root: folder,
    logLevel: 'warn',
    plugins: [ownPackages(folder)],
    ssr: { noExternal: [/^@muster\//] },
    build: {
      ssr: entry,
      write: false,
      target: 'node24',
      // Names stay: what such a file says of a fault should be readable.
      minify: false,
      rolldownOptions: { output: { codeSplitting: false, minify: { compress: false, mangle: false } } },
    },
  });
  const [output] = [made].flat();
  if (output === undefined || !('output' in output) || output.output.length !== 1)
    throw new Error(`${entry} did not become one file`);
  return output.output[0].code;
}

/** `@muster/…` by the `exports` of the packages in this folder: Node would find those of the present. */
function ownPackages(folder: string): Plugin {
  return {
    name: 'own-packages',
    enforce: 'pre',
    resolveId(source) {
      const [, name, path] = /^@muster\/([^/]+)\/(.+)$/.exec(source) ?? [];
      if (name === undefined || path === undefined) return null;
      const home = join(folder, ['db', 'gateway', 'worker'].includes(name) ? name : join('packages', name));
      const { exports } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
        exports: Record<string, string>;
      };
      for (const [key, target] of Object.entries(exports)) {
        const [before = '', after] = key.slice('./'.length).split('*');
        if (after === undefined ? path !== before : !path.startsWith(before)) continue;
        return join(home, target.replace('*', path.slice(before.length)));
      }
      return null;
    },
  };
}
