import { randomBytes, randomUUID } from 'node:crypto';
import { MeasuringProcess } from '../processes/measuring-process.ts';
import type { GatewayCalls } from './gateway.process.ts';
import type { Stores } from './stores.ts';

/** What the launcher gives its gateways. */
const GATEWAY_FLAGS = ['--max-semi-space-size=16'];

/** Everybody's. */
export const PASSWORD = 'correct horse battery';

export interface Person {
  token: string;
  email: string;
}

export interface GatewayUnderTest {
  url: string;
  process: MeasuringProcess<GatewayCalls>;
}

/** Gateways over one database, two as it comes, reached as everyone reaches them. */
export class Product {
  readonly gateways: GatewayUnderTest[];

  readonly databaseUrl: string;
  readonly #how: { env: Record<string, string>; flags: string[] };

  private constructor(databaseUrl: string, how: { env: Record<string, string>; flags: string[] }) {
    this.gateways = [];
    this.databaseUrl = databaseUrl;
    this.#how = how;
  }

  /**
   * @param flags of Node, for each gateway, beside the usual ones
   * @param more settings of each gateway
   * @param count of gateways
   */
  static async start(
    stores: Stores,
    database: string,
    {
      flags = [],
      env: more = {},
      gateways: count = 2,
    }: { flags?: string[]; env?: Record<string, string>; gateways?: number } = {},
  ): Promise<Product> {
    const databaseUrl = await stores.createDatabase(database, true);
    const env = {
      ...{ NODE_ENV: 'development', DATABASE_URL: databaseUrl },
      ...{ REDIS_URL: stores.redisUrl, REDIS_PREFIX: `bench-${database}`, SECRET: randomBytes(32).toString('base64') },
      ...{ HOST: '127.0.0.1', PORT: '0', RATE_LIMITS: 'off', LOG_LEVEL: 'error' },
      ...more,
    };
    const product = new Product(databaseUrl, { env, flags: [...GATEWAY_FLAGS, ...flags] });
    for (let index = 0; index < count; index++) product.gateways.push(await product.startGateway());
    return product;
  }

  /** What its processes are set to. */
  get env(): Readonly<Record<string, string>> {
    return this.#how.env;
  }

  /** One more, which its caller stops: it is not among {@link gateways}. */
  async startGateway(): Promise<GatewayUnderTest> {
    const process = await MeasuringProcess.start<GatewayCalls>('product/gateway.process.ts', this.#how);
    return { process, url: await process.call('url') };
  }

  /** Someone with an account, made on the first gateway. */
  async signUp(): Promise<Person> {
    const email = `${randomUUID()}@example.test`;
    const body = { name: 'Someone', email, password: PASSWORD };
    return { token: await this.#enter('/api/auth/sign-up/email', body), email };
  }

  async enterAsGuest(): Promise<string> {
    return this.#enter('/api/auth/sign-in/anonymous', {});
  }

  /** A list of the first person's, which the others edit. @returns its id */
  async createList([owner, ...editors]: Person[]): Promise<string> {
    const { id } = await this.#post<{ id: string }>(owner!.token, '/lists', { title: 'Measured' });
    for (const { email } of editors) await this.#post(owner!.token, `/lists/${id}/members`, { email, role: 'editor' });
    return id;
  }

  /** @returns the secret of a link that lets people edit the list */
  async createLink({ token }: Person, listId: string): Promise<string> {
    return (await this.#post<{ secret: string }>(token, `/lists/${listId}/links`, { role: 'editor' })).secret;
  }

  async stop(): Promise<void> {
    await Promise.all(this.gateways.map(({ process }) => process.stop()));
  }

  async #enter(path: string, body: object): Promise<string> {
    const { url } = this.gateways[0]!;
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    const token = response.headers.get('set-auth-token');
    if (!response.ok || token === null) throw new Error(`${path}: ${response.status} ${text}`);
    return token;
  }

  async #post<T>(token: string, path: string, body: object): Promise<T> {
    const response = await fetch(`${this.gateways[0]!.url}/api/v1${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }
}
