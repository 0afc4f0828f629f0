import type { ScopeResult } from '@muster/protocol/client-events';
import type { WireEntity } from '@muster/protocol/entity';
import { wireError, type WireError } from '@muster/protocol/error';
import type { ScopeId } from '@muster/protocol/id';
import { LIMITS } from '@muster/protocol/limits';
import type { Profiles } from '@muster/protocol/principal';
import * as z from 'zod/mini';
import { backoff } from './clock.ts';
import type { Follow } from './follow.ts';
import type { Clock, StoredScope } from './types.ts';

const RETRY_BASE_MS = 150;
/** Whoever is connected lags by five seconds at most: no longer than this after the server can answer again. */
const RETRY_CAP_MS = 4_000;

export interface ScopeAskerOptions {
  clock: Clock;
  request(event: string, data: unknown): Promise<unknown>;
  position(scope: ScopeId): StoredScope | undefined;
  isCurrent(follow: Follow): boolean;
  profiles(profiles: Profiles): void;
  /** `askedAt`: our seq when we asked. */
  answer(follow: Follow, result: Exclude<ScopeResult, { kind: 'later' }>, askedAt: number | undefined): void;
  failed(follow: Follow, error: WireError): void;
  log(message: string, details?: unknown): void;
}

interface Question {
  follow: Follow;
  generation: number;
  askedAt: number | undefined;
}

/** Asks for scopes: all that are wanted in one turn go in one frame, each one question at a time. */
export class ScopeAsker {
  readonly #options: ScopeAskerOptions;
  readonly #wanted = new Set<Follow>();
  #isDue = false;

  constructor(options: ScopeAskerOptions) {
    this.#options = options;
  }

  /** Nothing where a question is under way or waits for its time: its answer leads to the next. */
  open(follow: Follow): void {
    if (follow.isAsking) return;
    follow.isAsking = true;
    this.#wanted.add(follow);
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => this.#flush());
  }

  /** Asks for what is missing before a packet that came too early, without joining. */
  pull(follow: Follow): void {
    if (follow.isAsking) return;
    follow.isAsking = true;
    void this.#pull(follow);
  }

  /** Asks again after a while, longer each time in a row. */
  retry(follow: Follow, waitMs?: number): void {
    const { clock } = this.#options;
    follow.isAsking = true;
    follow.cancelRetry?.();
    const wait = waitMs ?? backoff(clock, follow.attempts, RETRY_BASE_MS, RETRY_CAP_MS);
    follow.attempts += 1;
    follow.cancelRetry = clock.setTimeout(() => {
      follow.cancelRetry = undefined;
      follow.isAsking = false;
      this.open(follow);
    }, wait);
  }

  #flush(): void {
    this.#isDue = false;
    const wanted = [...this.#wanted].filter((follow) => this.#options.isCurrent(follow) && follow.isAsking);
    this.#wanted.clear();
    for (let at = 0; at < wanted.length; at += LIMITS.scopesInOneOpen) {
      void this.#askFor(wanted.slice(at, at + LIMITS.scopesInOneOpen));
    }
  }

  async #askFor(follows: Follow[]): Promise<void> {
    const questions = new Map<string, Question>();
    const scopes = follows.map((follow) => {
      const position = this.#options.position(follow.scope);
      questions.set(follow.scope, { follow, generation: follow.generation, askedAt: position?.seq });
      const after = position && !follow.isUnfit ? { seq: position.seq, logEpoch: position.logEpoch } : undefined;
      return { scope: follow.scope, ...(after ? { after } : {}) };
    });
    let ack: unknown;
    try {
      ack = await this.#options.request('scope:open', { scopes });
    } catch {
      // The connection went; the next one asks for everything.
      for (const question of questions.values()) if (this.#counts(question)) question.follow.isAsking = false;
      return;
    }
    const { ok, data, error } = (ack ?? {}) as {
      ok?: boolean;
      data?: { results?: unknown; profiles?: Profiles };
      error?: unknown;
    };
    const results = ok === true && Array.isArray(data?.results) ? (data.results as ScopeResult[]) : undefined;
    if (!results) {
      const refusal = toError(error);
      for (const question of questions.values()) this.#refuse(question, refusal);
      return;
    }
    if (data?.profiles) this.#options.profiles(data.profiles);
    const isStuck = results.every((result) => result?.kind === 'later');
    for (const result of results) {
      const question = questions.get(result?.scope);
      if (!question) continue;
      questions.delete(result.scope);
      this.#take(question, result, isStuck);
    }
    for (const question of questions.values()) this.#refuse(question, toError(undefined));
  }

  async #pull(follow: Follow): Promise<void> {
    const position = this.#options.position(follow.scope);
    const question: Question = { follow, generation: follow.generation, askedAt: position?.seq };
    const after = position && { seq: position.seq, logEpoch: position.logEpoch };
    let ack: unknown;
    try {
      ack = await this.#options.request('scope:pull', { scope: follow.scope, ...(after ? { after } : {}) });
    } catch {
      if (this.#counts(question)) follow.isAsking = false;
      return;
    }
    const { ok, data, error } = (ack ?? {}) as { ok?: boolean; data?: ScopeResult; error?: unknown };
    if (ok !== true || data?.scope !== follow.scope) return this.#refuse(question, toError(error));
    this.#take(question, data, true);
  }

  #take(question: Question, result: ScopeResult, isStuck: boolean): void {
    if (!this.#counts(question)) return;
    const { follow } = question;
    if (result.kind === 'later') {
      if (isStuck) return this.retry(follow);
      follow.isAsking = false;
      return this.open(follow);
    }
    if (result.kind === 'snapshot') {
      if (!Array.isArray(result.entities)) return this.#refuse(question, toError(undefined));
      if (result.next !== undefined) return void this.#page(question, result);
    }
    this.#finish(question, result);
  }

  /** A long snapshot comes in pages. The first page's seq counts; what comes meanwhile is held. */
  async #page(question: Question, first: Extract<ScopeResult, { kind: 'snapshot' }>): Promise<void> {
    const { next: _next, ...whole } = first;
    const entities: WireEntity[] = [...first.entities];
    let next = first.next;
    while (next !== undefined) {
      let ack: unknown;
      try {
        ack = await this.#options.request('scope:page', { scope: first.scope, next });
      } catch {
        if (this.#counts(question)) question.follow.isAsking = false;
        return;
      }
      if (!this.#counts(question)) return;
      const { ok, data, error } = (ack ?? {}) as {
        ok?: boolean;
        data?: { entities?: WireEntity[]; next?: string };
        error?: unknown;
      };
      if (ok !== true || !Array.isArray(data?.entities)) return this.#refuse(question, toError(error));
      for (const entity of data.entities) entities.push(entity);
      next = data.next;
    }
    this.#finish(question, { ...whole, entities });
  }

  #finish(question: Question, result: Exclude<ScopeResult, { kind: 'later' }>): void {
    question.follow.isAsking = false;
    this.#options.answer(question.follow, result, question.askedAt);
  }

  #refuse(question: Question, error: WireError): void {
    if (!this.#counts(question)) return;
    question.follow.isAsking = false;
    this.#options.failed(question.follow, error);
  }

  #counts({ follow, generation }: Question): boolean {
    return this.#options.isCurrent(follow) && follow.generation === generation;
  }
}

function toError(error: unknown): WireError {
  const parsed = z.safeParse(wireError, error);
  return parsed.success
    ? (parsed.data as WireError)
    : { code: 'internal', message: 'The server gave an answer that cannot be read.', retryable: true };
}
