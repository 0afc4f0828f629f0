import { checkAcknowledged, checkKept } from '../oracles/acknowledged.ts';
import { checkApprovals } from '../oracles/approvals.ts';
import { checkContiguous } from '../oracles/contiguous.ts';
import { checkOnce } from '../oracles/exactly-once.ts';
import { checkFolded } from '../oracles/folded-log.ts';
import { checkProcesses } from '../oracles/process-faults.ts';
import { checkRemoved, type Delivery } from '../oracles/removed-members.ts';
import { checkEnded, checkTexts, checkToolEffects } from '../oracles/runs.ts';
import { checkSameOrder, type Heard } from '../oracles/same-order.ts';
import type { Violation } from '../oracles/violation.ts';
import { MARK } from './crowd/person.ts';
import type { Evidence } from './evidence/evidence.ts';
import { wordKey } from './evidence/read-streams.ts';

/** Holds a round's evidence against every promise. */
export function judge(evidence: Evidence): Violation[] {
  const { log, scopes, images, runs, history, processes } = evidence;
  return [
    ...checkAcknowledged(log, scopes, history.of('answer')),
    ...checkKept(log, history.of('kept'), settledNonces(evidence)),
    ...checkOnce(log),
    ...checkContiguous(log, scopes),
    ...checkSameOrder(log, scopes, heardChanges(evidence)),
    ...checkFolded(log, scopes, images),
    ...checkRemoved(log, listsOf(evidence), deliveries(evidence)),
    ...checkEnded(runs),
    ...checkTexts(log, history.of('text')),
    ...checkToolEffects(log, (title) => MARK.test(title)),
    ...checkApprovals(log),
    ...checkProcesses(processes),
  ];
}

function settledNonces({ history, silent }: Evidence): Set<string> {
  return new Set([
    ...history.of('answer').map(({ nonce }) => nonce),
    ...history.of('refused').map(({ nonce }) => nonce),
    ...silent,
  ]);
}

function* heardChanges({ history }: Evidence): Iterable<Heard> {
  for (const { seat, scope, changes } of history.of('changes'))
    for (const [seq, txnId] of changes) yield { seat, scope, seq, txnId };
}

/** A scope's list: itself, or the one whose rights it has. */
function listsOf({ scopes }: Evidence): (scope: string) => string | undefined {
  const acls = new Map(scopes.map(({ scope, acl }) => [scope, acl]));
  return (scope) => {
    const acl = acls.get(scope);
    return acl?.startsWith('list:') === true ? acl : undefined;
  };
}

function* deliveries({ history, runs, words }: Evidence): Iterable<Delivery> {
  const users = new Map(history.of('seat').map(({ seat, userId }) => [seat, userId]));
  const threads = new Map(runs.map(({ id, scope }) => [id, scope]));
  const userOf = (seat: string) => users.get(seat) ?? '';
  for (const { seat, at, scope, changes } of history.of('changes'))
    for (const [seq] of changes) yield { seat, userId: userOf(seat), at, scope, seq };
  for (const { seat, at, scope, seq, aclEpoch } of history.of('snapshot'))
    yield { seat, userId: userOf(seat), at, scope, seq, aclEpoch, isSnapshot: true };
  for (const { seat, at, runId, attempt, itemId, offset } of history.of('chunk')) {
    const aclEpoch = words.get(wordKey(attempt, itemId, offset));
    const scope = threads.get(runId);
    if (aclEpoch !== undefined && scope !== undefined) yield { seat, userId: userOf(seat), at, scope, aclEpoch };
  }
}
