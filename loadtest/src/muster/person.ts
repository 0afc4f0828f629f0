import { Connection, type Ack } from '../wire/connection.ts';
import { METRICS, warn } from '../measure/metrics.ts';
import { newId } from './ids.ts';
import { pause } from './pause.ts';
import { ScopeReader, type ScopeListener } from './scope-reader.ts';
import type { RunWatch } from './run-watch.ts';
import type { Packet, ScopeResult, WireEntity } from './wire-types.ts';

const ANSWER_WITHIN_MS = 10_000;
/** Everyone is served within this, even when all come at once. */
const OPEN_WITHIN_MS = 60_000;
const AGAIN_AFTER_MS = 500;
const AGAIN_AT_MOST_MS = 4_000;

interface MutateAnswer {
  status: string;
  message?: string;
  first?: { status: string };
}

export interface PersonOptions {
  url: string;
  token: string;
  scopes: readonly string[];
  listener: ScopeListener;
}

/** Someone with one open page: follows scopes, makes changes, watches runs, and comes back by themselves. */
export class Person {
  readonly #url: string;
  readonly #auth: { clientId: string; token: string };
  readonly #readers = new Map<string, ScopeReader>();
  readonly #runs = new Map<string, RunWatch>();
  #connection: Connection | undefined;
  #tries = 0;
  #mid = 0;
  #isGone = false;
  #whenCurrent: (() => void)[] = [];
  #isCurrent = false;
  #line: Promise<unknown> = Promise.resolve();

  constructor({ url, token, scopes, listener }: PersonOptions) {
    this.#url = url;
    this.#auth = { clientId: newId(), token };
    for (const scope of scopes) this.#readers.set(scope, new ScopeReader(scope, listener));
  }

  /** Connects, or comes back with the positions that it holds. @returns once everything is up to date */
  async connect(): Promise<void> {
    this.#isGone = false;
    if (this.#connection === undefined) this.#dial();
    await this.#current();
  }

  /** Gone without a word; what it holds stays. */
  cut(): void {
    this.#isGone = true;
    this.#isCurrent = false;
    this.#connection?.cut();
    this.#connection = undefined;
  }

  leave(): void {
    this.#isGone = true;
    this.#connection?.close();
    this.#connection = undefined;
  }

  /**
   * One change, sent again with the same number until its fate is known, one after the other.
   * @returns whether it was applied
   */
  mutate(name: string, args: object, giveUpAt: number): Promise<boolean> {
    const done = this.#line.then(() => this.#mutate(name, args, giveUpAt));
    this.#line = done;
    return done;
  }

  watch(run: RunWatch): void {
    this.#runs.set(run.runId, run);
    if (this.#isCurrent) void this.#watchOne(run);
  }

  #dial(): void {
    const began = Date.now();
    const isReturn = this.#tries > 0 || [...this.#readers.values()].some(({ position }) => position !== undefined);
    const connection = new Connection(this.#url, this.#auth, {
      connected: () => undefined,
      event: (name, data) => {
        if (name === 'hello') {
          METRICS.connect.add(Date.now() - began);
          void this.#catchUp(connection, began, isReturn);
        } else this.#hear(connection, name, data);
      },
      closed: (why) => this.#lose(connection, why),
    });
    this.#connection = connection;
  }

  #lose(connection: Connection, { reason, refused }: { reason: string; refused?: string }): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#isCurrent = false;
    if (this.#isGone) return;
    this.#tries += 1;
    METRICS.reconnects.add(1);
    warn(`a connection ended: ${refused === undefined ? reason : `${refused}, ${reason}`}`);
    if (refused !== undefined && refused !== 'unavailable') METRICS.refused.add(1);
    const wait = Math.min(AGAIN_AT_MOST_MS, AGAIN_AFTER_MS * 2 ** Math.min(this.#tries, 4));
    setTimeout(
      () => {
        if (!this.#isGone && this.#connection === undefined) this.#dial();
      },
      wait * (0.5 + Math.random() / 2),
    );
  }

  /** Opens all scopes with what is held of each, and watches the runs on. */
  async #catchUp(connection: Connection, began: number, isReturn: boolean): Promise<void> {
    let waiting = [...this.#readers.values()];
    for (const reader of waiting) reader.wait();
    const askedAt = Date.now();
    while (waiting.length > 0) {
      const scopes = waiting.map(({ scope, position }) => (position ? { scope, after: position } : { scope }));
      const ack = await connection.ask<{ results: ScopeResult[] }>('scope:open', { scopes }, OPEN_WITHIN_MS);
      if (this.#connection !== connection) return;
      if (ack?.ok !== true) {
        warn(`scope:open: ${ack === undefined ? 'no answer' : ack.error.message}`);
        await pause(AGAIN_AFTER_MS);
        if (this.#connection !== connection) return;
        continue;
      }
      const again: ScopeReader[] = [];
      for (const result of ack.data.results) {
        const reader = this.#readers.get(result.scope)!;
        if ((await this.#take(connection, reader, result, 'missed')) === 'again') again.push(reader);
      }
      if (this.#connection !== connection) return;
      waiting = again;
    }
    this.#tries = 0;
    METRICS.open.add(Date.now() - askedAt);
    if (isReturn) METRICS.back.add(Date.now() - began);
    this.#isCurrent = true;
    for (const run of this.#runs.values()) void this.#watchOne(run);
    for (const settle of this.#whenCurrent.splice(0)) settle();
  }

  #hear(connection: Connection, name: string, data: unknown): void {
    switch (name) {
      case 'scope:changes': {
        const packet = data as Packet;
        const reader = this.#readers.get(packet.scope);
        if (reader?.hear(packet) === 'gap') void this.#repair(connection, reader);
        return;
      }
      case 'scope:heads': {
        const { heads } = data as { heads: Record<string, number> };
        for (const [scope, head] of Object.entries(heads)) {
          const reader = this.#readers.get(scope);
          if (reader?.isBehind(head) === true) void this.#repair(connection, reader);
        }
        return;
      }
      case 'run:chunk':
      case 'run:item':
      case 'run:status': {
        const run = this.#runs.get((data as { runId: string }).runId);
        if (run?.hear(name, data) === 'gap') {
          METRICS.gapsRepaired.add(1);
          void this.#watchOne(run);
        }
      }
    }
  }

  async #repair(connection: Connection, reader: ScopeReader): Promise<void> {
    METRICS.gapsRepaired.add(1);
    reader.wait();
    for (;;) {
      const { scope, position } = reader;
      const ack = await connection.ask<ScopeResult>('scope:pull', { scope, after: position }, ANSWER_WITHIN_MS);
      if (this.#connection !== connection) return;
      if (ack?.ok === true && (await this.#take(connection, reader, ack.data, 'repair')) !== 'again') return;
      await pause(AGAIN_AFTER_MS);
      if (this.#connection !== connection) return;
    }
  }

  /** Reads a snapshot to its last page before it counts. */
  async #take(
    connection: Connection,
    reader: ScopeReader,
    result: ScopeResult,
    road: 'repair' | 'missed',
  ): Promise<'fine' | 'again' | 'refused'> {
    if (result.kind === 'snapshot') {
      for (let { next } = result; next !== undefined;) {
        const page: Ack<{ entities: WireEntity[]; next?: string }> | undefined = await connection.ask(
          'scope:page',
          { scope: reader.scope, next },
          ANSWER_WITHIN_MS,
        );
        if (page?.ok !== true) return 'again';
        result.entities.push(...page.data.entities);
        next = page.data.next;
      }
    }
    const taken = reader.answer(result, road);
    if (taken === 'refused' && result.kind === 'error') {
      METRICS.refused.add(1);
      warn(`${reader.scope.split(':')[0]} was refused: ${result.error.message}`);
    }
    return taken;
  }

  async #watchOne(run: RunWatch): Promise<void> {
    const connection = this.#connection;
    const ack = await connection?.ask<never>('run:watch', run.question, OPEN_WITHIN_MS);
    if (connection === undefined || this.#connection !== connection) return;
    if (ack?.ok === true) {
      if (run.watched(ack.data) === 'fine') return;
      METRICS.gapsRepaired.add(1);
      return this.#watchOne(run);
    }
    warn(`run:watch: ${ack === undefined ? 'no answer' : ack.error.message}`);
    await pause(AGAIN_AFTER_MS);
    if (this.#connection === connection) await this.#watchOne(run);
  }

  async #mutate(name: string, args: object, giveUpAt: number): Promise<boolean> {
    const request = { mid: ++this.#mid, nonce: newId(), name, args };
    const sentAt = Date.now();
    while (Date.now() < giveUpAt) {
      await this.#current(giveUpAt);
      const ack = await this.#connection?.ask<MutateAnswer>('mutate', request, ANSWER_WITHIN_MS);
      if (ack?.ok === true) {
        const { status, message, first } = ack.data;
        METRICS.ack.add(Date.now() - sentAt);
        if (status === 'applied' || first?.status === 'applied') return true;
        METRICS.refused.add(1);
        warn(`${name} was ${first?.status ?? status}${message === undefined ? '' : `: ${message}`}`);
        return false;
      }
      if (ack?.ok === false) {
        warn(`${name}: ${ack.error.code}, ${ack.error.message}`);
        if (ack.error.code === 'rate_limited') METRICS.refused.add(1);
        await pause(ack.error.details?.retryAfterMs ?? AGAIN_AFTER_MS);
      }
    }
    METRICS.unanswered.add(1);
    warn(`${name} was never answered`);
    return false;
  }

  /** @param giveUpAt waits no longer than that */
  #current(giveUpAt?: number): Promise<void> {
    if (this.#isCurrent) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = giveUpAt === undefined ? undefined : setTimeout(resolve, Math.max(0, giveUpAt - Date.now()));
      this.#whenCurrent.push(() => {
        if (timer !== undefined) clearTimeout(timer);
        resolve();
      });
    });
  }
}
