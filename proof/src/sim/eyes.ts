import type { Packet } from '@muster/protocol/change';
import type { ScopeId } from '@muster/protocol/id';
import { violation } from '../oracles/violation.ts';
import type { Link } from './net/link.ts';
import type { Record } from './record.ts';

/** Watches each wire: what a gateway sends of a scope follows on what it sent before. */
export class Eyes {
  readonly #record: Record;
  readonly #sent = new Map<Link, Map<ScopeId, number>>();
  /** Taken out of their rooms for a while: they are told heads, and ask. */
  readonly #slow = new Set<Link>();

  constructor(record: Record) {
    this.#record = record;
  }

  isSlow(link: Link): void {
    this.#slow.add(link);
  }

  /** Another log: nothing follows on what was. */
  forgetAll(): void {
    this.#sent.clear();
  }

  sent(link: Link, event: string, data: unknown): void {
    const scopes = this.#sent.get(link) ?? new Map<ScopeId, number>();
    this.#sent.set(link, scopes);
    if (event === 'scope:changes') return this.#packet(link, scopes, data as Packet);
    if (event === 'scope:gone') return void scopes.delete((data as { scope: ScopeId }).scope);
    if (event === 'hello') return scopes.clear();
    if (event !== 'answer scope:open') return;
    const { ok, data: answer } = data as { ok: boolean; data?: { results: Result[] } };
    for (const result of (ok && answer?.results) || []) {
      if (result.kind === 'snapshot') scopes.set(result.scope, result.seq);
      else if (result.kind === 'changes') scopes.set(result.scope, result.to);
      else scopes.delete(result.scope);
    }
  }

  #packet(link: Link, scopes: Map<ScopeId, number>, { scope, from, to }: Packet): void {
    const last = scopes.get(scope);
    scopes.set(scope, Math.max(to, last ?? 0));
    if (last === undefined || from <= last + 1 || this.#slow.has(link)) return;
    const what = `${link.name} was sent ${from} after ${last}`;
    this.#record.violations.push(violation('P2 gapless', what, { seat: link.name, scope, from, last }));
  }
}

type Result =
  | { kind: 'snapshot'; scope: ScopeId; seq: number }
  | { kind: 'changes'; scope: ScopeId; to: number }
  | { kind: 'error' | 'later'; scope: ScopeId };
