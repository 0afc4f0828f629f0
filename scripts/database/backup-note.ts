import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';

/** What stands beside a backup, in `<file>.json`. */
const backupNote = z.object({
  madeAt: z.iso.datetime(),
  postgres: z.int(),
  logEpoch: z.string(),
  /** Who had been erased by then: the newest note in a folder counts for older backups too. */
  erased: z.array(z.string()),
});
export type BackupNote = z.infer<typeof backupNote>;

const pathFor = (file: string): string => `${file}.json`;

export function writeNote(file: string, note: BackupNote): void {
  writeFileSync(pathFor(file), `${JSON.stringify(note, null, 2)}\n`, { mode: 0o600 });
}

export function readNote(file: string): BackupNote | undefined {
  try {
    return backupNote.parse(JSON.parse(readFileSync(pathFor(file), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Everyone of whom any backup in the same folder knows that they were erased. */
export function listErasedBeside(file: string): string[] {
  const folder = dirname(file);
  const notes = readdirSync(folder)
    .filter((name) => name.endsWith('.dump.json'))
    .map((name) => readNote(join(folder, name.slice(0, -'.json'.length))));
  return [...new Set(notes.flatMap((note) => note?.erased ?? []))].sort();
}
