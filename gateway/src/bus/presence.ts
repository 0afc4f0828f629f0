import type { PresenceState } from '@muster/protocol/client-events';
import type { ScopeId } from '@muster/protocol/id';
import type { PresenceNews } from '@muster/protocol/server-events';
import { scopeRoom, type LocalRooms } from './rooms.ts';

const BEAT_EVERY_MS = 2_500;
/** With the sweep's step and the announcement's delay below the promised 10 s after a gateway's death. */
const SILENT_AFTER_MS = 8_000;
const SWEEP_EVERY_MS = 1_000;
/** A room where all arrive at once is told once, not once for each. */
const ANNOUNCE_AFTER_MS = 40;

type Who = PresenceNews['who'];
interface Present {
  userId: string;
  state: PresenceState;
  /** Of this process's clock, whoever set it: the latest of a person's sockets counts. */
  at: number;
}
type Rows = [scope: ScopeId, socket: string, userId: string, state: PresenceState][];

/** What gateways tell each other. `version` counts a gateway's own news, so that a lost one is noticed. */
export type PresenceMessage =
  | {
      kind: 'set';
      gateway: string;
      version: number;
      scope: ScopeId;
      socket: string;
      userId: string;
      state: PresenceState | null;
    }
  | { kind: 'beat'; gateway: string; version: number }
  | { kind: 'ask'; of: string }
  | { kind: 'all'; gateway: string; version: number; rows: Rows };

interface Gateway {
  version: number;
  heardAt: number;
  isAsked: boolean;
  scopes: Map<ScopeId, Map<string, Present>>;
}

/**
 * Who is where: soft state that every gateway holds for itself and tells the others. It passes: what is lost comes with
 * the next beat, and a gateway that falls silent takes its people along.
 */
export class Presence {
  readonly #gatewayId: string;
  readonly #rooms: LocalRooms;
  readonly #tellOthers: (message: PresenceMessage) => void;
  readonly #own: Gateway = { version: 0, heardAt: Infinity, isAsked: false, scopes: new Map() };
  readonly #others = new Map<string, Gateway>();
  readonly #announcements = new Map<ScopeId, NodeJS.Timeout>();
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(ports: { gatewayId: string; rooms: LocalRooms; tellOthers(message: PresenceMessage): void }) {
    this.#gatewayId = ports.gatewayId;
    this.#rooms = ports.rooms;
    this.#tellOthers = (message) => ports.tellOthers(message);
  }

  start(): void {
    this.#timers.push(
      setInterval(() => this.#beat(), BEAT_EVERY_MS),
      setInterval(() => this.#sweep(), SWEEP_EVERY_MS),
    );
    // Others hear of us, and answer with what they have once they see that we do not.
    this.#beat();
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const timer of this.#announcements.values()) clearTimeout(timer);
    this.#announcements.clear();
  }

  /** An entry a person: the latest of their sockets says where they are. */
  who(scope: ScopeId): Who {
    const latest = new Map<string, Present>();
    for (const gateway of [this.#own, ...this.#others.values()]) {
      for (const present of gateway.scopes.get(scope)?.values() ?? []) {
        const held = latest.get(present.userId);
        if (held === undefined || held.at <= present.at) latest.set(present.userId, present);
      }
    }
    return [...latest.values()]
      .map(({ userId, state }) => ({ id: userId, state }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** @param state null: the socket leaves */
  set(scope: ScopeId, socket: string, userId: string, state: PresenceState | null): void {
    if (!put(this.#own, scope, socket, userId, state)) return;
    this.#own.version += 1;
    this.#tellOthers({
      kind: 'set',
      gateway: this.#gatewayId,
      version: this.#own.version,
      scope,
      socket,
      userId,
      state,
    });
    this.#announce(scope);
  }

  /** From another gateway. */
  receive(message: PresenceMessage): void {
    if (message.kind === 'ask') {
      if (message.of !== this.#gatewayId) return;
      return this.#tellOthers({
        kind: 'all',
        gateway: this.#gatewayId,
        version: this.#own.version,
        rows: rowsOf(this.#own),
      });
    }
    if (message.gateway === this.#gatewayId) return;
    const gateway = this.#gateway(message.gateway);
    gateway.heardAt = Date.now();
    if (message.kind === 'all') return this.#replace(gateway, message.version, message.rows);
    if (message.kind === 'beat')
      return message.version === gateway.version ? undefined : this.#ask(message.gateway, gateway);
    if (message.version !== gateway.version + 1) return this.#ask(message.gateway, gateway);
    gateway.version = message.version;
    if (put(gateway, message.scope, message.socket, message.userId, message.state)) this.#announce(message.scope);
  }

  #gateway(id: string): Gateway {
    let gateway = this.#others.get(id);
    if (gateway === undefined) {
      gateway = { version: 0, heardAt: Date.now(), isAsked: false, scopes: new Map() };
      this.#others.set(id, gateway);
    }
    return gateway;
  }

  /** One question at a time; a lost answer is asked for again at the next beat. */
  #ask(of: string, gateway: Gateway): void {
    if (gateway.isAsked) return;
    gateway.isAsked = true;
    setTimeout(() => (gateway.isAsked = false), BEAT_EVERY_MS / 2).unref();
    this.#tellOthers({ kind: 'ask', of });
  }

  #replace(gateway: Gateway, version: number, rows: Rows): void {
    const before = [...gateway.scopes.keys()];
    gateway.scopes.clear();
    gateway.version = version;
    gateway.isAsked = false;
    for (const [scope, socket, userId, state] of rows) put(gateway, scope, socket, userId, state);
    for (const scope of new Set([...before, ...gateway.scopes.keys()])) this.#announce(scope);
  }

  #beat(): void {
    this.#tellOthers({ kind: 'beat', gateway: this.#gatewayId, version: this.#own.version });
  }

  #sweep(): void {
    const deadline = Date.now() - SILENT_AFTER_MS;
    for (const [id, gateway] of this.#others) {
      if (gateway.heardAt >= deadline) continue;
      this.#others.delete(id);
      for (const scope of gateway.scopes.keys()) this.#announce(scope);
    }
  }

  #announce(scope: ScopeId): void {
    if (this.#announcements.has(scope)) return;
    const timer = setTimeout(() => {
      this.#announcements.delete(scope);
      this.#rooms.emit(scopeRoom(scope), 'presence:state', { scope, who: this.who(scope) });
    }, ANNOUNCE_AFTER_MS);
    this.#announcements.set(scope, timer);
  }
}

/** @returns whether anything changed */
function put(gateway: Gateway, scope: ScopeId, socket: string, userId: string, state: PresenceState | null): boolean {
  const present = gateway.scopes.get(scope);
  if (state === null) {
    if (present === undefined || !present.delete(socket)) return false;
    if (present.size === 0) gateway.scopes.delete(scope);
    return true;
  }
  const row = { userId, state, at: performance.now() };
  if (present === undefined) gateway.scopes.set(scope, new Map([[socket, row]]));
  else present.set(socket, row);
  return true;
}

const rowsOf = ({ scopes }: Gateway): Rows =>
  [...scopes].flatMap(([scope, present]) =>
    [...present].map(([socket, { userId, state }]): Rows[number] => [scope, socket, userId, state]),
  );
