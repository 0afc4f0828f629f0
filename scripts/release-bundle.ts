/**
 * `npm run release:bundle [-- <commit>]`: keeps the programs of a release in `e2e/released`, against which the next
 * versions are tested: the client, the gateway and the worker of a commit (default: the present one), a file each.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { PROGRAMS, type ReleaseNote } from '../e2e/product/released.ts';
import { buildProgram } from './release/build-program.ts';
import { unpackRevision } from './release/unpack-revision.ts';

const ROOT = join(import.meta.dirname, '..');
const TARGET = join(ROOT, 'e2e', 'released');
/** What a page has of the client, and what stands for a browser in a test. */
const CLIENT_ENTRY = `
export { createClient } from '@muster/client/client';
export { createIndexedDbStorage } from '@muster/client/indexeddb';
export { createMemoryDisk, createMemoryStorage } from '@muster/client/memory-storage';
export { PROTOCOL_VERSION } from '@muster/protocol/version';
`;

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

try {
  await keepRelease(process.argv[2] ?? 'HEAD');
} catch (error) {
  console.error(`The release was not kept: ${(error as Error).message}`);
  process.exitCode = 1;
}

async function keepRelease(revision: string): Promise<void> {
  const { folder, date } = unpackRevision(ROOT, revision);
  try {
    const read = (...path: string[]) => readFileSync(join(folder, ...path), 'utf8');
    writeFileSync(join(folder, 'client.ts'), CLIENT_ENTRY);
    const entries = { client: 'client.ts', gateway: 'gateway/src/main.ts', worker: 'worker/src/main.ts' };
    const note: ReleaseNote = {
      version: (JSON.parse(read('package.json')) as { version: string }).version,
      date,
      wire: {
        version: Number(/PROTOCOL_VERSION = (\d+)/.exec(read('packages', 'protocol', 'src', 'version.ts'))?.[1]),
        hash: /hash: '([0-9a-f]+)'/.exec(read('packages', 'protocol', 'src', 'wire.test.ts'))?.[1] ?? '',
      },
      programs: { client: '', gateway: '', worker: '' },
      migrations: Object.fromEntries(
        readdirSync(join(folder, 'db', 'migrations'))
          .sort()
          .map((file) => [file, sha256(read('db', 'migrations', file))]),
      ),
    };
    mkdirSync(TARGET, { recursive: true });
    for (const name of PROGRAMS) {
      const program = Buffer.from(await buildProgram(folder, join(folder, entries[name])));
      const packed = brotliCompressSync(program, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: program.length } });
      note.programs[name] = sha256(program);
      writeFileSync(join(TARGET, `${name}.mjs.br`), packed);
      console.log(`${name}: ${Math.round(program.length / 1024)} kB, kept as ${Math.round(packed.length / 1024)} kB`);
    }
    writeFileSync(join(TARGET, 'release.json'), `${JSON.stringify(note, null, 2)}\n`);
    console.log(`e2e/released is version ${note.version} of ${date}, wire ${note.wire.version} (${note.wire.hash}).`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
