import { randomUUID } from 'node:crypto';
import type { Ack, ClientEventAnswer, ClientEventName } from '@muster/protocol/client-events';
import type { CommandArgs, CommandName } from '@muster/protocol/commands';
import type { ServerEventData, ServerEventName } from '@muster/protocol/server-events';
import { parseConfig } from '@muster/runtime/config';
import { silentLogger, type Logger } from '@muster/runtime/logger';
import { createTestDatabase } from '@muster/testing/database';
import { createTestRedis } from '@muster/testing/redis';
import { io, type Socket } from 'socket.io-client';
import { v7 } from 'uuid';
import { createGateway, type Gateway, type GatewayDeps } from '../app.ts';
import { gatewayConfig } from '../config.ts';
import { enterAsGuest, signUp, type Visitor } from '../http/test/start-http.ts';

/** Gateways in this process that know of each other by Redis and Postgres only. */
export interface TestGateways {
  gateways: Gateway[];
  databaseUrl: string;
  redisUrl: string;
  prefix: string;
  start(options?: Partial<GatewayDeps> & { env?: Record<string, string> }): Promise<Gateway>;
  /** Someone with an account. */
  person(name?: string): Promise<Visitor>;
  guest(): Promise<Visitor>;
  /** A connected client; closed with the rest. */
  client(who: Visitor, at?: Gateway, clientId?: string): Promise<TestClient>;
  close(): Promise<void>;
}

export async function startGateways(
  count = 2,
  {
    logger = silentLogger(),
    env = {},
    ...deps
  }: Partial<GatewayDeps> & { env?: Record<string, string>; logger?: Logger } = {},
): Promise<TestGateways> {
  const database = await createTestDatabase();
  const { url: redisUrl, prefix } = createTestRedis();
  const gateways: Gateway[] = [];
  const clients: TestClient[] = [];
  const start: TestGateways['start'] = async ({ env: more = {}, ...own } = {}) => {
    const config = parseConfig(gatewayConfig, {
      ...{ NODE_ENV: 'test', DATABASE_URL: database.url, REDIS_URL: redisUrl, REDIS_PREFIX: prefix },
      ...{ SECRET: 's'.repeat(40), DRAIN_MS: '2000', DATABASE_POOL: '6', ...env, ...more },
    });
    const gateway = await createGateway({ config, logger, hasProcessMetrics: false, ...deps, ...own });
    gateways.push(gateway);
    return gateway;
  };
  for (let index = 0; index < count; index++) await start();
  return {
    gateways,
    databaseUrl: database.url,
    redisUrl,
    prefix,
    start,
    person: (name) => signUp(gateways[0]!.url, name),
    guest: () => enterAsGuest(gateways[0]!.url),
    client: async (who, at = gateways[0]!, clientId) => {
      const client = new TestClient(at, { token: who.token, ...(clientId === undefined ? {} : { clientId }) });
      clients.push(client);
      await client.next('hello');
      return client;
    },
    close: async () => {
      for (const client of clients) client.socket.disconnect();
      await Promise.all(gateways.map((gateway) => gateway.close()));
      await database.drop();
    },
  };
}

interface Heard {
  event: ServerEventName;
  data: unknown;
}

/** A bare client: it asks and listens, and applies nothing. */
export class TestClient {
  readonly socket: Socket;
  readonly clientId: string;
  readonly heard: Heard[] = [];
  #mid = 0;
  #listeners = new Set<() => void>();

  constructor(
    at: Gateway,
    {
      token,
      clientId = randomUUID(),
      headers,
      auth = {},
    }: {
      token?: string;
      clientId?: string;
      headers?: Record<string, string>;
      auth?: Record<string, unknown>;
    },
  ) {
    this.clientId = clientId;
    this.socket = io(at.url, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      auth: { clientId, protocol: 1, ...(token === undefined ? {} : { token }), ...auth },
      ...(headers === undefined ? {} : { extraHeaders: headers }),
    });
    this.socket.onAny((event: ServerEventName, data: unknown) => {
      this.heard.push({ event, data });
      for (const listener of [...this.#listeners]) listener();
    });
  }

  /** The code with which the connection was refused. */
  refusal(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.socket.once('connect_error', (error) => {
        this.socket.disconnect();
        resolve((error as Error & { data?: { code?: string } }).data?.code ?? error.message);
      });
      this.socket.once('connect', () => reject(new Error('it was let in')));
    });
  }

  ask<N extends ClientEventName>(event: N, data: unknown): Promise<Ack<ClientEventAnswer<N>>> {
    return this.socket.timeout(15_000).emitWithAck(event, data) as Promise<Ack<ClientEventAnswer<N>>>;
  }

  /** The answer's data. @throws what was refused */
  async get<N extends ClientEventName>(event: N, data: unknown): Promise<ClientEventAnswer<N>> {
    const answer = await this.ask(event, data);
    if (!answer.ok)
      throw Object.assign(new Error(`${event}: ${answer.error.code} ${answer.error.message}`), answer.error);
    return answer.data;
  }

  async mutate<N extends CommandName>(name: N, args: CommandArgs<N>) {
    this.#mid += 1;
    return this.get('mutate', { mid: this.#mid, nonce: randomUUID(), name, args });
  }

  /** Heard so far, of one kind. */
  all<E extends ServerEventName>(event: E): ServerEventData<E>[] {
    return this.heard.filter((one) => one.event === event).map(({ data }) => data as ServerEventData<E>);
  }

  /** The first that fits, heard or yet to come. */
  next<E extends ServerEventName>(
    event: E,
    fits: (data: ServerEventData<E>) => boolean = () => true,
    withinMs = 10_000,
  ): Promise<ServerEventData<E>> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.all(event).find(fits);
        if (found === undefined) return;
        settle();
        resolve(found);
      };
      const fail = (why: string) => () => {
        settle();
        reject(new Error(`${event}: ${why}; heard ${this.heard.map((one) => one.event).join(', ')}`));
      };
      const gone = fail('the socket closed');
      const refused = (error: Error) => fail(`refused: ${error.message}`)();
      const timer = setTimeout(fail('did not come'), withinMs);
      const settle = () => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        this.socket.off('disconnect', gone);
        this.socket.off('connect_error', refused);
      };
      this.#listeners.add(look);
      this.socket.on('disconnect', gone);
      this.socket.on('connect_error', refused);
      look();
    });
  }

  /** Effects of all changes heard for a scope, in order. */
  seqs(scope: string): number[] {
    return this.all('scope:changes')
      .filter((packet) => packet.scope === scope)
      .flatMap((packet) => packet.changes.map(({ seq }) => seq));
  }

  closed(withinMs = 10_000): Promise<void> {
    if (!this.socket.connected) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('it stayed open')), withinMs);
      this.socket.once('disconnect', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

/** A list of this client's, open. */
export async function makeList(
  client: TestClient,
  title = 'Groceries',
): Promise<{ id: string; scope: `list:${string}` }> {
  const id = v7();
  await client.mutate('list.create', { id, title });
  return { id, scope: `list:${id}` };
}
