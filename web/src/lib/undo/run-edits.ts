import type { Edit } from '@muster/client/edits';
import type { HistoryPage, PastChange, PastEffect } from '@muster/protocol/http-history';
import { scopeOf } from '@muster/protocol/id';
import { AGENT_ID } from '@muster/protocol/principal';
import type { Api } from '#lib/api/api.ts';
import type { Muster } from '#lib/state/muster.svelte.ts';

/** Pages of the agent's changes to look through for one run; older ones are out of reach of a button. */
const MOST_PAGES = 10;

/** What a run changed in these lists, each change's edits together, in their order. */
export async function editsOfRun(
  api: Pick<Api, 'get'>,
  muster: Muster,
  runId: string,
  listIds: readonly string[],
): Promise<Edit[][]> {
  const found: { change: PastChange; listId: string }[] = [];
  for (const listId of listIds) {
    let path = `/api/v1/lists/${listId}/history?actorId=${AGENT_ID}&limit=200`;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const { items, next } = await api.get<HistoryPage>(path);
      const own = items.filter((change) => change.runId === runId);
      found.push(...own.map((change) => ({ change, listId })));
      // Newest first: behind the run's own changes come those of runs before it.
      const isPast = found.some((one) => one.listId === listId) && own.length < items.length;
      if (next === undefined || (isPast && items.at(-1)?.runId !== runId)) break;
      path = `/api/v1/lists/${listId}/history?actorId=${AGENT_ID}&limit=200&cursor=${encodeURIComponent(next)}`;
    }
  }
  // A change over two lists is one edit: it was one transaction.
  const byTxn = new Map<string, { at: number; edits: Edit[] }>();
  for (const { change, listId } of found.sort((a, b) => a.change.at - b.change.at || a.change.seq - b.change.seq)) {
    const known = byTxn.get(change.txnId) ?? { at: change.at, edits: [] };
    byTxn.set(change.txnId, known);
    known.edits.push(...change.effects.map((effect) => toEdit(effect, listId, muster)));
  }
  return [...byTxn.values()].flatMap(({ edits }) => apart(edits));
}

/**
 * What was made at once is taken back one by one, sub-tasks before their parent: a sub-task that someone has worked on
 * stays, and the parent with it. What moved or went together goes back together.
 */
const apart = (edits: Edit[]): Edit[][] =>
  edits.every(({ after }) => after !== undefined) ? edits.map((edit) => [edit]) : [edits];

function toEdit(effect: PastEffect, listId: string, muster: Muster): Edit {
  const { type, id } = effect;
  const ref = { scope: scopeOf('list', listId), type, id };
  if (effect.op === 'put') return { ...ref, before: effect.prev ?? undefined, after: effect.value };
  if (effect.op === 'del') return { ...ref, before: effect.prev ?? undefined, after: undefined };
  // A patch tells what it set alone: the rest stands as it does.
  const now = type === 'task' ? { ...muster.get('task', id)?.value } : {};
  return { ...ref, before: { listId, ...now, ...effect.prev }, after: { listId, ...now, ...effect.fields } };
}
