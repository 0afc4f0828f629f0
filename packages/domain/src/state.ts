import type { EntityType, Stored } from '@muster/protocol/entity';
import type { ScopeId } from '@muster/protocol/id';
import type { Role } from '@muster/protocol/principal';

/** Who last wrote a field, and in which change of its scope. */
export interface FieldWriter {
  seq: number;
  actor: string;
  clientId?: string;
}

/**
 * What a decider may look at. The server builds it from the rows that the command's `reads` named, overlaid with the
 * effects of the commands before it in the batch; the client from its confirmed and pending entities. Deciders see
 * both through this one window, which is what makes the optimistic view run the same rules as the truth.
 */
export interface State {
  /**
   * A live entity, or undefined where it is absent or was not read. Ids of `member` and `membership` repeat from scope
   * to scope: for them the scope must be named.
   */
  get<T extends EntityType>(type: T, id: string, scope?: ScopeId): Stored<T> | undefined;
  /** A deleted task as it was. */
  tombstone(taskId: string): Stored<'task'> | undefined;
  /** The sub-tasks that were deleted together with this one. */
  tombstonedChildren(taskId: string): Stored<'task'>[];
  /** All live entities of a type in a scope, in no order. Needs `{need: 'all'}`. */
  all<T extends EntityType>(scope: ScopeId, type: T): Stored<T>[];
  /** The live sub-tasks of a task, in order. Needs `{need: 'children'}`. */
  children(taskId: string): Stored<'task'>[];
  /** The smallest key above `pos` in the list (its first key for null), deleted tasks included; null at the end. */
  nextPos(listId: string, pos: string | null): string | null;
  /** The list's greatest key, deleted tasks included; null for an empty list. */
  lastPos(listId: string): string | null;
  /** How many live entities the scope holds; NaN where a client does not know. */
  size(scope: ScopeId): number;
  /** `live`, `gone`, or undefined where there is no such scope (or the client does not hold it). */
  scopeState(scope: ScopeId): 'live' | 'gone' | undefined;
  /** The scope's acl: the scope that owns the rights (a thread's list, or itself). */
  aclOf(scope: ScopeId): ScopeId | undefined;
  /** A principal's role in a scope; undefined for none. Without a principal: the subject's own. */
  role(scope: ScopeId, principalId?: string): Role | undefined;
  /** Whether the id is in use for this type anywhere, deleted and foreign ones included. */
  isTaken(type: EntityType, id: string): boolean;
  /** Who last wrote a field of a task. The client knows nothing of it. */
  fieldWriter(taskId: string, field: string): FieldWriter | undefined;
  /** The principal with this verified e-mail address: server only. Needs `{need: 'account'}`. */
  account(email: string): string | undefined;
  /** The greatest `pos` among a person's memberships. Needs `{need: 'lastMembership'}`, or comes with `account`. */
  lastMembershipPos(userId: string): string | null;
  /** Server only. Need `{need: 'link'}` and `{need: 'invitation'}`. */
  link(id: string): Invite | undefined;
  invitation(id: string): Invite | undefined;
}

/** A link or an invitation, as far as a decider needs it. */
export interface Invite {
  acl: ScopeId;
  role: Role;
  expiresAt: number | null;
  /** Revoked, or taken. */
  isUsedUp: boolean;
}

/** What the server has to load before a command can be decided. Roles of the subject in all touched scopes come always. */
export type Need =
  /** `scope` is given for `member` and `membership`. */
  | { need: 'entity'; type: EntityType; id: string; scope?: ScopeId }
  /** A task with its tombstone, the sub-tasks that went with it, and its parent. */
  | { need: 'tombstone'; id: string }
  /** Of `run`: only those that have not ended. Of `task`: the live ones. */
  | { need: 'all'; scope: ScopeId; type: 'label' | 'member' | 'thread' | 'run' | 'membership' | 'task' }
  /** The runs of this run's thread that have not ended. */
  | { need: 'threadRuns'; runId: string }
  /** All labels of the list that holds this one. */
  | { need: 'siblingLabels'; labelId: string }
  /** The run_items of a run. */
  | { need: 'items'; runId: string }
  | { need: 'children'; id: string }
  /** The member entities of these people in the task's list. */
  | { need: 'assignees'; taskId: string; userIds: string[] }
  /** What a move to another list needs: the labels of both lists, and the target's members among the assignees. */
  | { need: 'move'; taskId: string; listId: string }
  /** `after` and its successor; null: the list's first key; undefined: its last. */
  | { need: 'neighbours'; listId: string; after: string | null | undefined }
  /** The same for a move, in the target list, or in the task's own where none is named. */
  | { need: 'placing'; taskId: string; after: string | null; listId?: string }
  /** The account, its member entity in the list, and its greatest membership pos. */
  | { need: 'account'; email: string; listId: string }
  | { need: 'lastMembership'; userId: string }
  | { need: 'link'; id: string }
  | { need: 'invitation'; id: string }
  /** Everything of a guest that is handed over: their memberships, personal threads and settings; their member entity
   *  and the heir's in each of those lists; the heir's memberships and settings. */
  | { need: 'guest'; guestId: string; heirId: string };

/** How the scopes that a command may change are found, before anything is locked. */
export type Touch =
  | { touch: 'scope'; scope: ScopeId }
  /** The scope that holds this entity; what is absent adds nothing, and the decider answers `not_found`. */
  | { touch: 'holder'; type: 'task' | 'label' | 'thread' | 'run'; id: string }
  /** `list:<id>` of every list that the person is a member of. */
  | { touch: 'memberships'; userId: string }
  /** `user:<id>` of every member of the list. */
  | { touch: 'members'; listId: string }
  /** `user:<id>` of the account behind the address, where there is one. */
  | { touch: 'account'; email: string };
