import type { Effect } from '@muster/protocol/change';
import { MusterError, type ErrorCode, type ErrorDetails } from '@muster/protocol/error';
import type { ScopeId } from '@muster/protocol/id';
import type { ChangeActor, Role } from '@muster/protocol/principal';
import type { Need, State, Touch } from './state.ts';

/** Everything a decider may know beside the state. Nothing here is read from the world by the decider itself. */
export interface Context {
  /** Who acts: for the agent `{id: AGENT_ID, kind: 'agent', for: asker}`. */
  actor: ChangeActor;
  /** Whose rights count: the actor, or the one for whom the agent acts. */
  subject: string;
  /** Milliseconds since 1970: on the server the clock after the lock, never below the scope's last change. */
  now: number;
  /** The seq of the scope that the author had seen. */
  base?: number;
  /** Answer `conflict` where a field changed since `base`, instead of overwriting it: how the agent writes. */
  strict?: boolean;
  clientId?: string;
  runId?: string;
  callId?: string;
  /** A new UUIDv7. */
  newId(): string;
}

export interface ScopedEffect {
  scope: ScopeId;
  effect: Effect;
}

/**
 * Writes to who may see what that are in no scope. Grants are not among them: a `member` entity *is* its acl's grant, so
 * its effects are all it takes.
 */
export type AclWrite =
  /** Raises the epoch: gateways read the members again before they emit anything newer. */
  | { write: 'bump'; acl: ScopeId }
  /** `takenAt`: whoever has the address is in at once, and a mail is all that is left to do. */
  | {
      write: 'invite';
      acl: ScopeId;
      id: string;
      email: string;
      role: Role;
      invitedBy: string;
      expiresAt: number;
      takenAt?: number;
    }
  | { write: 'takeInvitation'; invitationId: string }
  | { write: 'revokeInvitation'; invitationId: string }
  | {
      write: 'link';
      acl: ScopeId;
      id: string;
      role: Role;
      secretHash: string;
      secretSealed: string;
      expiresAt: number | null;
      createdBy: string;
    }
  | { write: 'useLink'; linkId: string }
  | { write: 'revokeLink'; linkId: string }
  /** Removing someone revokes what they could walk back in by: all links of the acl, and invitations to their address. */
  | { write: 'revokeWaysBack'; acl: ScopeId; principal: string }
  /** Client rows, personal threads and `merged_into` pass from a guest to the person that they became. */
  | { write: 'merge'; guest: string; heir: string };

/** Columns of a run that are in no scope. */
export interface RunColumns {
  runId: string;
  zone?: string;
  locale?: string;
  stopRequestedBy?: string;
  model?: string;
  usage?: Record<string, unknown>;
}

/** Told after the commit: a hint that may be lost, since a sweeper repairs it. */
export type Hint =
  | { hint: 'run'; runId: string; attempt: number }
  | { hint: 'stop'; runId: string }
  | { hint: 'mail'; email: string; listId: string };

export interface Decision {
  effects: ScopedEffect[];
  /** Scopes to make first; `aclOf` is the scope itself, or the one whose rights it shares. */
  create?: { scope: ScopeId; aclOf: ScopeId }[];
  gone?: { scope: ScopeId; reason: 'deleted' | 'moved'; to?: ScopeId }[];
  acl?: AclWrite[];
  hints?: Hint[];
  runColumns?: RunColumns[];
  /** For whoever called: in no log. */
  result?: unknown;
}

/** One rule: what may happen, as pure functions. The client runs it for its optimistic view, the server for the truth. */
export interface Command<Args> {
  name: string;
  /** False where the client cannot foresee the outcome. */
  optimistic: boolean;
  /** Membership commands commit alone, under the acl's exclusive lock. */
  isMembership?: boolean;
  /** Only the server itself may submit it. */
  isInternal?: boolean;
  touches(args: Args, context: Pick<Context, 'subject'>): Touch[];
  reads(args: Args, context: Pick<Context, 'subject'>): Need[];
  /** @throws {MusterError} a named rejection */
  decide(state: State, args: Args, context: Context): Decision;
}

/** @throws {MusterError} always */
export function reject(code: ErrorCode, message: string, details?: ErrorDetails): never {
  throw new MusterError(code, message, details);
}
