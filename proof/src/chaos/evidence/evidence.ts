import type { LogRow, ScopeRow } from '../../oracles/log.ts';
import type { ProcessRecord } from '../../oracles/process-faults.ts';
import type { RunRow } from '../../oracles/runs.ts';
import type { ScopeImage } from '../../oracles/scope-image.ts';
import type { History } from './read-history.ts';
import type { WordEpochs } from './read-streams.ts';

/** All that a round left behind, read at rest. */
export interface Evidence {
  log: LogRow[];
  scopes: ScopeRow[];
  images: Map<string, ScopeImage>;
  runs: RunRow[];
  /** Nonces that were taken and left no row. */
  silent: string[];
  history: History;
  words: WordEpochs;
  processes: ProcessRecord[];
}
