import { readsOfConditions } from '@muster/domain/conditions';
import { compareBytes } from '@muster/domain/ordering';
import { messageIdOf, runIdOf } from '@muster/domain/run-ids';
import type { Need } from '@muster/domain/state';
import { scopeOf, type ScopeId } from '@muster/protocol/id';
import { numberOfItem } from '../mappers.ts';
import type { Entry } from './entry.ts';
import { Wants } from './wants.ts';
import type { Holders } from './holders.ts';

/** What a batch locks and loads: the arguments of commit_load. */
export interface LoadPlan {
  acls: ScopeId[];
  isExclusive: boolean;
  newClients: [id: string, principal: string][];
  clients: ClientPlan[];
  scopes: ScopeId[];
  roles: [acl: string, subject: string][];
  /** Of what most commands want, apart from the rest. */
  tasks: string[];
  last: string[];
  wants: Wants;
}

/** A client's mids of this batch, where they follow one another: taken with its lock, all at once. */
export interface ClientPlan {
  id: string;
  principal: string;
  /** Zero where they do not: then it is only locked. */
  firstMid: number;
  lastMid: number;
}

const ALL_KEYS = {
  label: 'allLabel',
  member: 'allMember',
  thread: 'allThread',
  run: 'allRun',
  membership: 'allMembership',
  task: 'allTasks',
} as const;

/** The list that a task or label is in, as far as memory goes: a wrong guess is asked again after the load. */
const guess = (holders: Holders, type: 'task' | 'label' | 'run', id: string): ScopeId | undefined =>
  holders.fromMemory([{ touch: 'holder', type, id }])?.scopes[0];

function wantNeighbours(wants: Wants, scope: ScopeId, after: string | null | undefined): void {
  if (after === null) wants.add('next', [scope, null]);
  else {
    // A vanished `after` means the end, so the last key is wanted either way.
    wants.add('last', scope);
    if (after !== undefined) {
      wants.add('tasks', after);
      wants.add('after', [scope, after]);
    }
  }
}

function addNeed(wants: Wants, need: Need, holders: Holders): void {
  switch (need.need) {
    case 'entity':
      return addEntity(wants, need);
    case 'tombstone':
      wants.add('tasks', need.id);
      return wants.add('children', need.id);
    case 'children':
      return wants.add('children', need.id);
    case 'all':
      return wants.add(ALL_KEYS[need.type], need.scope);
    case 'threadRuns': {
      const scope = guess(holders, 'run', need.runId);
      return scope && wants.add('allRun', scope);
    }
    case 'siblingLabels': {
      const scope = guess(holders, 'label', need.labelId);
      return scope && wants.add('allLabel', scope);
    }
    case 'items':
      return wants.add('items', need.runId);
    case 'assignees': {
      const scope = guess(holders, 'task', need.taskId);
      if (scope) for (const id of need.userIds) wants.add('member', [scope, id]);
      return;
    }
    case 'move': {
      const scope = guess(holders, 'task', need.taskId);
      if (scope) wants.add('allLabel', scope);
      wants.add('allLabel', scopeOf('list', need.listId));
      return wants.add('allMember', scopeOf('list', need.listId));
    }
    case 'neighbours':
      return wantNeighbours(wants, scopeOf('list', need.listId), need.after);
    case 'placing': {
      const scope = need.listId ? scopeOf('list', need.listId) : guess(holders, 'task', need.taskId);
      return scope && wantNeighbours(wants, scope, need.after);
    }
    case 'account':
      return wants.add('account', [need.email, scopeOf('list', need.listId), holders.isWordEnough]);
    case 'lastMembership':
      return wants.add('lastMembership', scopeOf('user', need.userId));
    case 'link':
      return wants.add('link', need.id);
    case 'invitation':
      return wants.add('invitation', need.id);
    case 'guest': {
      const [from, to] = [scopeOf('user', need.guestId), scopeOf('user', need.heirId)];
      for (const scope of [from, to]) wants.add('allMembership', scope);
      wants.add('allThread', from);
      wants.add('settings', need.guestId);
      return wants.add('settings', need.heirId);
    }
  }
}

function addEntity(wants: Wants, { type, id, scope }: Extract<Need, { need: 'entity' }>): void {
  if (type === 'task') return wants.add('tasks', id);
  if (type === 'member' || type === 'membership') return wants.add(type, [scope, id]);
  if (type === 'run_item') {
    const [runId, n] = [id.slice(0, id.indexOf(':')), numberOfItem(id)];
    // An item brings the message that it may have written.
    wants.add('message', messageIdOf(runId, n));
    return wants.add(type, [runId, n]);
  }
  wants.add(type, id);
  // A message brings its run, whose id follows from its own.
  if (type === 'message') wants.add('run', runIdOf(id));
}

function addClient(
  clients: Map<string, ClientPlan>,
  { clientId, mid }: NonNullable<Entry['submission']['client']>,
  principal: string,
): void {
  const known = clients.get(clientId);
  if (!known) clients.set(clientId, { id: clientId, principal, firstMid: mid, lastMid: mid });
  else if (known.principal === principal && mid === known.lastMid + 1) known.lastMid = mid;
  else known.firstMid = NONE;
}

/** No client's mids begin here: the update finds nothing to do. */
const NONE = 0;

/** All that a batch needs, in one question. */
export function planLoad(entries: Entry[], holders: Holders, isKnownClient: (id: string) => boolean): LoadPlan {
  const wants = new Wants();
  const acls = new Set<ScopeId>();
  const scopes = new Set<ScopeId>();
  const clients = new Map<string, ClientPlan>();
  const roles = new Map<string, [string, string]>();
  for (const entry of entries) {
    const { submission, subject } = entry;
    for (const acl of entry.acls) {
      acls.add(acl);
      roles.set(acl + subject, [acl, subject]);
    }
    for (const scope of entry.scopes ?? []) scopes.add(scope);
    if (submission.client) addClient(clients, submission.client, entry.actor.id);
    // Where no client's row tells whether this is a guest who became someone.
    if (!submission.client || !isKnownClient(submission.client.clientId)) wants.add('merged', subject);
    if (submission.idempotency) wants.add('idempotency', [subject, submission.idempotency.key]);
    if (submission.run?.callId !== undefined) wants.add('toolCalls', [submission.run.runId, submission.run.callId]);
    for (const touch of entry.touches)
      if (touch.touch === 'holder') addEntity(wants, { need: 'entity', type: touch.type, id: touch.id });
    for (const { command, args, ifStill } of entry.commands) {
      for (const need of command.reads(args, { subject })) addNeed(wants, need, holders);
      for (const need of readsOfConditions(ifStill)) addNeed(wants, need, holders);
    }
  }
  return {
    acls: [...acls].sort(),
    isExclusive: entries.some(({ isMembership }) => isMembership),
    newClients: [...clients.values()]
      .filter(({ id }) => !isKnownClient(id))
      .map(({ id, principal }): [string, string] => [id, principal])
      .sort(),
    clients: [...clients.values()].sort((a, b) => compareBytes(a.id, b.id)),
    scopes: [...scopes].sort(),
    roles: [...roles.values()],
    tasks: wants.take('tasks'),
    last: wants.take('last'),
    wants,
  };
}
