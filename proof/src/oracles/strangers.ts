import { byScope, type LogRow } from './log.ts';
import { Memberships, type Delivery } from './removed-members.ts';
import { violation, type Violation } from './violation.ts';

/** Who may change a list at some number of it: those whom the log has let in before, and not out again. */
function insidersOf(log: LogRow[]): Map<string, { seq: number; epoch: number; id: string; isMember: boolean }[]> {
  const found = new Map<string, { seq: number; epoch: number; id: string; isMember: boolean }[]>();
  for (const [scope, rows] of byScope(log)) {
    if (!scope.startsWith('list:')) continue;
    const turns = rows.flatMap(({ seq, aclEpoch, effects }) =>
      effects
        .filter(({ type, op }) => type === 'member' && op !== 'patch')
        .map(({ op, id }) => ({ seq, epoch: aclEpoch, id, isMember: op === 'put' })),
    );
    found.set(scope, turns);
  }
  return found;
}

/** P4: what a list and its conversations hold was written by members, as the log's own order has it. */
export function checkWriters(log: LogRow[], listOf: (scope: string) => string | undefined): Violation[] {
  const insiders = insidersOf(log);
  const found: Violation[] = [];
  for (const { scope, seq, actor, aclEpoch, runId } of log) {
    // A run that was asked for while one might goes to its end in its conversation; its tools ask for the right anew.
    if (runId !== null && scope.startsWith('thread:')) continue;
    const list = listOf(scope);
    const turns = (list === undefined ? undefined : insiders.get(list))?.filter(({ id }) => id === actor);
    if (turns === undefined) continue;
    const last =
      scope === list
        ? // The first change of a list lets its author in, and the one that lets somebody out may be their own.
          (turns.findLast((turn) => turn.seq < seq) ?? turns.find((turn) => turn.seq === seq))
        : turns.findLast((turn) => turn.epoch <= aclEpoch);
    if (last?.isMember === true) continue;
    const what = `${seq} of ${scope} was written by who was ${last ? 'removed before' : 'never a member'}`;
    found.push(violation('P4 strangers', what, { scope, seq, actor }));
  }
  return found;
}

/** P4: nothing of a list reaches who was never let in. */
export function checkStrangers(
  log: LogRow[],
  listOf: (scope: string) => string | undefined,
  deliveries: Iterable<Delivery>,
): Violation[] {
  const memberships = new Memberships(log);
  const found = new Map<string, Violation>();
  for (const { seat, userId, scope, seq } of deliveries) {
    const list = listOf(scope);
    if (list === undefined || memberships.at(list, userId, Infinity) !== undefined) continue;
    const what = `${seat} was sent ${seq} of ${scope}, and was never a member`;
    if (!found.has(`${seat} ${scope}`)) found.set(`${seat} ${scope}`, violation('P4 strangers', what, { seat, scope }));
  }
  return [...found.values()];
}
