import type { PromiseName } from '../../oracles/violation.ts';

/** A piece of a product's file, which stands there once, and what stands there instead. */
export interface Edit {
  file: string;
  find: string;
  replace: string;
}

/** A bug as somebody might well make it, planted in the files as they are loaded, or in the simulator's own database. */
export interface PlantedBug {
  name: string;
  /** Where the design warns of it. */
  warning?: 'sync.md' | 'runs.md';
  /** What it does, in words. */
  what: string;
  /** The promises that it may break: being caught by another one is not being caught. */
  breaks: PromiseName[];
  edits?: Edit[];
  /** Statements for the database. */
  sql?: string[];
}
