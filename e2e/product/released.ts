import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

const ROOT = join(import.meta.dirname, '..', '..');
const RELEASED = join(ROOT, 'e2e', 'released');
const MIGRATIONS = join(ROOT, 'db', 'migrations');
/** Within the project, so that what the programs import of other people's is found. */
const CACHE = join(ROOT, 'node_modules', '.cache', 'muster');

export const PROGRAMS = ['client', 'gateway', 'worker'] as const;
export type Program = (typeof PROGRAMS)[number];

/** What `npm run release:bundle` says of the release that it kept. */
export interface ReleaseNote {
  version: string;
  /** When the release's commit was made. */
  date: string;
  wire: { version: number; hash: string };
  /** SHA-256 of each program's text. */
  programs: Record<Program, string>;
  /** SHA-256 of each migration that the release brought. */
  migrations: Record<string, string>;
}

export const readReleaseNote = (): ReleaseNote =>
  JSON.parse(readFileSync(join(RELEASED, 'release.json'), 'utf8')) as ReleaseNote;

export const packedProgram = (name: Program): Buffer => readFileSync(join(RELEASED, `${name}.mjs.br`));

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Migrations of the release that are not what they were, or not there any more. */
export function changedMigrations({ migrations }: ReleaseNote): string[] {
  const isSame = ([file, hash]: [string, string]) =>
    existsSync(join(MIGRATIONS, file)) && sha256(readFileSync(join(MIGRATIONS, file))) === hash;
  return Object.entries(migrations)
    .filter((one) => !isSame(one))
    .map(([file]) => file);
}

/**
 * Lays the programs of the last release out as they stood in their tree, once for each release.
 * @returns the path of each
 * @throws where a program is not what the note says of it
 */
export function unpackRelease(): Record<Program, string> {
  const note = readReleaseNote();
  const key = sha256(Buffer.from(JSON.stringify(note))).slice(0, 16);
  const folder = join(CACHE, `released-${key}`);
  const paths = Object.fromEntries(PROGRAMS.map((name) => [name, join(folder, name, 'main.mjs')]));
  if (existsSync(folder)) return paths as Record<Program, string>;
  mkdirSync(CACHE, { recursive: true });
  const beside = mkdtempSync(`${folder}-`);
  // A gateway looks beside itself for the migrations that it knows, by their names: those that came later are not its affair.
  mkdirSync(join(beside, 'migrations'));
  for (const file of Object.keys(note.migrations)) writeFileSync(join(beside, 'migrations', file), '');
  for (const name of PROGRAMS) {
    const program = brotliDecompressSync(packedProgram(name));
    if (sha256(program) !== note.programs[name]) throw new Error(`${name} is not the one that release.json names`);
    mkdirSync(join(beside, name));
    writeFileSync(join(beside, name, 'main.mjs'), program);
  }
  try {
    renameSync(beside, folder);
  } catch (error) {
    // Another test run was faster.
    rmSync(beside, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return paths as Record<Program, string>;
}
