import { COMMANDS } from '@muster/domain/registry';
import type { Command, Decision } from '@muster/domain/command';
import { conflictOf, findBroken, type Broken } from '@muster/domain/conditions';
import type { Change, Packet } from '@muster/protocol/change';
import type { FirstAnswer, Mutate, Position } from '@muster/protocol/client-events';
import { MusterError } from '@muster/protocol/error';
import { scopeOf, type ScopeId } from '@muster/protocol/id';
import { v4 } from 'uuid';
import { World } from '@muster/domain/test/world';
import type { ConnectAuth, Transport, TransportEvents } from '../src/types.ts';

export const EPOCH_A = '11111111-1111-4111-8111-111111111111';
export const EPOCH_B = '22222222-2222-4222-8222-222222222222';

type Answer = (ack: unknown) => void;
export interface Frame {
  event: string;
  data: never;
  answer: Answer;
}

/** One client's connection as the server sees it. */
export class FakeConnection {
  readonly joined = new Set<ScopeId>();
  readonly frames: Frame[] = [];
  readonly auth: ConnectAuth;
  readonly userId: string;
  readonly #events: TransportEvents;
  isOpen = true;

  constructor(auth: ConnectAuth, userId: string, events: TransportEvents) {
    this.auth = auth;
    this.userId = userId;
    this.#events = events;
  }

  emit(event: string, data: unknown): void {
    if (this.isOpen) this.#events.received(event, structuredClone(data));
  }

  /** Cuts the wire. */
  cut(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#events.closed('cut');
  }

  opened(): void {
    this.#events.opened();
  }
}

/**
 * The wire's other end in memory: scopes with their logs, mids and nonces, and the real deciders over the plainest State.
 * Tests reach in where they want it to misbehave.
 */
export class FakeServer {
  readonly world = new World();
  readonly logs = new Map<ScopeId, Change[]>();
  readonly connections = new Set<FakeConnection>();
  readonly clients = new Map<string, { last: number; answers: Map<number, { nonce: string; first: FirstAnswer }> }>();
  logEpoch = EPOCH_A;
  /** Every mutation that was applied or rejected, by client. */
  readonly taken: { clientId: string; mid: number; name: string; first: FirstAnswer }[] = [];
  /** Sees each frame first; answering `true` keeps it from the server. */
  intercept: (frame: Frame, connection: FakeConnection) => boolean | void = () => undefined;
  /** Decides a handshake; throws to refuse. */
  admit: (auth: ConnectAuth) => string = (auth) => auth.token ?? '';
  /** False: packets are not sent, as if pub/sub had dropped them. */
  isDelivering = true;
  was: string[] = [];
  connects = 0;

  readonly transport: Transport = {
    connect: (_url, auth, events) => {
      this.connects += 1;
      let connection: FakeConnection | undefined;
      queueMicrotask(() => {
        let userId: string;
        try {
          userId = this.admit(auth);
        } catch (error) {
          if (error instanceof MusterError) return events.refused(error.toWire());
          return events.closed('connect failed');
        }
        if (!userId) return;
        connection = new FakeConnection(auth, userId, events);
        this.connections.add(connection);
        this.#person(userId);
        connection.opened();
        this.hello(connection);
      });
      return {
        send: (event, data, answer) => {
          const from = connection;
          if (!from?.isOpen) return;
          const frame = {
            event,
            data: structuredClone(data) as never,
            answer: (ack: unknown) => from.isOpen && answer(structuredClone(ack)),
          };
          from.frames.push(frame);
          queueMicrotask(() => {
            if (from.isOpen && !this.intercept(frame, from)) this.handle(frame, from);
          });
        },
        close: () => {
          if (connection) this.connections.delete(connection);
          if (connection) connection.isOpen = false;
        },
      };
    },
  };

  hello(connection: FakeConnection): void {
    connection.emit('hello', {
      userId: connection.userId,
      was: this.was,
      gateway: 'g1',
      protocol: 1,
      logEpoch: this.logEpoch,
    });
  }

  seq(scope: ScopeId): number {
    return this.logs.get(scope)?.at(-1)?.seq ?? 0;
  }

  heads(): void {
    for (const connection of this.connections) {
      const heads = Object.fromEntries([...connection.joined].map((scope) => [scope, this.seq(scope)]));
      connection.emit('scope:heads', { heads, logEpoch: this.logEpoch });
    }
  }

  handle({ event, data, answer }: Frame, connection: FakeConnection): void {
    const given = data as Record<string, unknown>;
    if (event === 'scope:open') {
      const scopes = given.scopes as { scope: ScopeId; after?: Position }[];
      const results = scopes.map(({ scope, after }) => {
        const result = this.result(scope, connection.userId, after);
        if (result.kind !== 'error') connection.joined.add(scope);
        return result;
      });
      answer({
        ok: true,
        data: { results, profiles: { [connection.userId]: { name: 'Ada', image: null, kind: 'person' } } },
      });
    } else if (event === 'scope:pull')
      answer({
        ok: true,
        data: this.result(given.scope as ScopeId, connection.userId, given.after as Position | undefined),
      });
    else if (event === 'scope:close') {
      connection.joined.delete(given.scope as ScopeId);
      answer({ ok: true, data: {} });
    } else if (event === 'mutate') answer(this.mutate(given as unknown as Mutate, connection));
    else answer({ ok: true, data: event === 'presence:set' ? { who: [] } : {} });
  }

  result(scope: ScopeId, userId: string, after?: Position) {
    if (this.world.scopeState(scope) !== 'live' || !this.world.role(scope, userId)) {
      return { scope, kind: 'error' as const, error: new MusterError('not_found', 'There is nothing here.').toWire() };
    }
    const head = { scope, aclEpoch: 1, logEpoch: this.logEpoch };
    if (after && after.logEpoch === this.logEpoch && after.seq <= this.seq(scope)) {
      const changes = (this.logs.get(scope) ?? []).filter(({ seq }) => seq > after.seq);
      return { ...head, kind: 'changes' as const, from: after.seq + 1, to: this.seq(scope), changes };
    }
    const entities = [...this.world.entities.values()].filter((entity) => entity.scope === scope);
    return {
      ...head,
      kind: 'snapshot' as const,
      seq: this.seq(scope),
      entities: entities.map(({ type, id, value }) => ({ type, id, value })),
    };
  }

  mutate(
    { mid, nonce, name, args, ifStill = [] }: Mutate,
    { userId, auth }: Pick<FakeConnection, 'userId' | 'auth'>,
  ): unknown {
    const client = this.clients.get(auth.clientId) ?? { last: 0, answers: new Map() };
    this.clients.set(auth.clientId, client);
    const known = client.answers.get(mid);
    if (known && known.nonce !== nonce)
      return { ok: false, error: new MusterError('cloned', 'Two clients use one id.').toWire() };
    if (known) return { ok: true, data: { status: 'duplicate', first: known.first } };
    if (mid !== client.last + 1) return { ok: true, data: { status: 'out_of_order', expected: client.last + 1 } };
    let first: FirstAnswer;
    try {
      const command = (COMMANDS as unknown as Record<string, Command<unknown> | undefined>)[name];
      if (!command) throw new MusterError('invalid', `There is no command ${name}.`);
      this.world.subject = userId;
      const broken = findBroken(this.world, ifStill);
      if (broken) throw conflictOf(broken, this.#authorOf(broken));
      const decision = this.world.run(userId, command, args);
      first = { status: 'applied', seqs: this.log(decision, userId, { clientId: auth.clientId, mid }) };
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      const { code, message, details } = error;
      first = { status: 'rejected', code, message, ...(details ? { details } : {}) };
    }
    client.last = mid;
    client.answers.set(mid, { nonce, first });
    this.taken.push({ clientId: auth.clientId, mid, name, first });
    return { ok: true, data: first };
  }

  /** Someone else's edit. */
  act(userId: string, name: keyof typeof COMMANDS, args: unknown): Record<string, number> {
    this.#person(userId);
    return this.log(this.world.run(userId, COMMANDS[name] as unknown as Command<unknown>, args), userId);
  }

  /** Numbers the effects, logs them and sends them to whoever joined. */
  log(decision: Decision, actorId: string, by: { clientId?: string; mid?: number } = {}): Record<string, number> {
    const seqs: Record<string, number> = {};
    const txnId = v4();
    for (const scope of new Set(decision.effects.map(({ scope }) => scope))) {
      const seq = this.seq(scope) + 1;
      const effects = decision.effects.filter((effect) => effect.scope === scope).map(({ effect }) => effect);
      const change: Change = { seq, at: seq, txnId, actor: { id: actorId, kind: 'person' }, effects, ...by };
      this.logs.set(scope, [...(this.logs.get(scope) ?? []), change]);
      seqs[scope] = seq;
      if (this.isDelivering) this.deliver(scope, seq, seq);
    }
    return seqs;
  }

  packet(scope: ScopeId, from: number, to: number): Packet {
    const changes = (this.logs.get(scope) ?? []).filter(({ seq }) => seq >= from && seq <= to);
    return { scope, from, to, changes, aclEpoch: 1, logEpoch: this.logEpoch };
  }

  deliver(scope: ScopeId, from: number, to: number): void {
    for (const connection of this.connections) {
      if (connection.joined.has(scope)) connection.emit('scope:changes', this.packet(scope, from, to));
    }
  }

  #authorOf(broken: Broken): Change['actor'] | null {
    const { field } = broken;
    const { scope, type, id } = (field === 'children' && broken.child) || broken;
    const wrote = (effect: Change['effects'][number]) =>
      effect.type === type &&
      effect.id === id &&
      (effect.op !== 'patch' || (field !== null && Object.hasOwn(effect.fields, field)));
    const log = scope ? (this.logs.get(scope) ?? []) : [];
    return log.findLast(({ effects }) => effects.some(wrote))?.actor ?? null;
  }

  #person(userId: string): void {
    if (!this.world.scopes.has(scopeOf('user', userId))) this.world.addPerson(userId);
  }
}
