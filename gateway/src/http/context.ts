import type { ParameterizedContext } from 'koa';
import type { Identity } from '../auth/identity-types.ts';

export interface RequestState {
  /** Stands in the log, in problems and in the answer's `x-request-id`. */
  requestId: string;
  startedAt: number;
  /** The route's pattern, for logs and metrics: a path holds ids, and may hold what people wrote. */
  route?: string;
  identity?: Identity;
  /** The code of the problem that was answered. */
  code?: string;
}
export type Context = ParameterizedContext<RequestState>;
export type Next = () => Promise<unknown>;

/** The origin that this request was sent to, as far as its headers tell (Koa's `origin` is the header of that name). */
export const ownOrigin = (ctx: Context): string => `${ctx.protocol}://${ctx.host || 'localhost'}`;
