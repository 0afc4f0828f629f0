import { measureCommit } from './commit/measure-commit.ts';
import type { MeasureContext } from './measure-context.ts';
import { rowOfFigure, type Result } from './report/row.ts';

/** Commit itself against `pgbench -N`, in two databases of one server. */
export async function measureCommitPart({ stores, isQuick, say }: MeasureContext): Promise<Result> {
  const lengths = isQuick ? { rounds: 2, sliceSeconds: 1 } : { rounds: 8, sliceSeconds: 2 };
  const [databaseUrl, peerUrl] = [
    await stores.createDatabase('commit', true),
    await stores.createDatabase('commit_peer', false),
  ];
  say(`${lengths.rounds} rounds of ${lengths.sliceSeconds} s slices`);
  const figures = await measureCommit({ databaseUrl, peerUrl, ...lengths });
  return { rows: figures.map(rowOfFigure) };
}
