import type { PromiseName } from '../../oracles/violation.ts';
import type { Step } from '../plan/plan.ts';

/** What the program asks of the processes that run seeds. */
export type Ask = { ask: 'run'; seed: number; isTold: boolean } | { ask: 'shrink'; seed: number };

export interface Broken {
  promise: PromiseName;
  what: string;
}

export interface Ran {
  seed: number;
  broken: Broken[];
  fingerprint: string;
  lines: string[];
  ms: number;
  virtualMs: number;
  ops: number;
  faults: string[];
}

export interface Shrunk {
  seed: number;
  steps: Step[];
  ofSteps: number;
  runs: number;
  broken: Broken[];
  lines: string[];
}

export type Answer =
  | { answer: 'ready' }
  | ({ answer: 'ran' } & Ran)
  | ({ answer: 'shrunk' } & Shrunk)
  | { answer: 'failed'; seed: number; fault: string };
