/** What the launcher knows that its gateways and workers must be told. */
export interface ProductSettings {
  mode: 'start' | 'dev';
  databaseUrl: string;
  redisUrl: string;
  secret: string;
  /** Where people reach it. */
  publicUrl: string;
  /** Each gateway's own port. */
  gatewayPorts: readonly number[];
  /** Of the one URL in front of them, where that is not `publicUrl`'s already. */
  frontPort: number;
  webRoot: string;
}

type Environment = Record<string, string | undefined>;

/**
 * What one's own machine may do that a server on the internet may not: scripts with a few accounts and fifty changes a
 * second each pass the limits, an invitation is taken up without a mail that nobody could send, and load tests find an
 * agent that costs nothing.
 */
const LOCAL_DEFAULTS: Environment = {
  RATE_LIMIT_ADDRESS: '20000',
  RATE_LIMIT_ACCOUNTS: '3000',
  RATE_LIMIT_USER: '5000',
  RATE_LIMIT_SOCKET: '1000',
  RATE_LIMIT_HANDSHAKE: '5000',
  RATE_LIMIT_INVITES: '2000',
  EMAIL_TRUST: 'sign-up',
  METRICS_OPEN: 'on',
  ASSISTANT_RECITES: 'on',
};

/**
 * The environment of a gateway or worker: what the person set, over the local defaults, under what the launcher alone
 * can know. Provider settings of the agent (OPENAI_API_KEY …) pass through.
 */
export function productEnvironment(settings: ProductSettings, outer: Environment): Environment {
  return {
    ...(isLocal(settings.publicUrl) ? LOCAL_DEFAULTS : {}),
    REDIS_PREFIX: 'muster',
    ...withoutNpm(outer),
    NODE_ENV: settings.mode === 'dev' ? 'development' : 'production',
    DATABASE_URL: settings.databaseUrl,
    REDIS_URL: settings.redisUrl,
    SECRET: settings.secret,
    PUBLIC_URL: settings.publicUrl,
    WEB_ROOT: settings.webRoot,
    MIGRATE: 'on',
    ALLOWED_ORIGINS: allowedOrigins(settings, outer['ALLOWED_ORIGINS']).join(','),
    // Given as values above: the parser refuses a variable that is set twice.
    SECRET_FILE: undefined,
    DATABASE_URL_FILE: undefined,
    REDIS_URL_FILE: undefined,
  };
}

/** @param port the gateway's own */
export function gatewayEnvironment(common: Environment, host: string, port: number): Environment {
  return { ...common, HOST: host, PORT: String(port) };
}

/** The page may be opened at the front, at each gateway, by name or by number: all of that is us. */
function allowedOrigins(settings: ProductSettings, extra: string | undefined): string[] {
  const own = [settings.frontPort, ...settings.gatewayPorts].flatMap((port) => [
    `http://localhost:${port}`,
    `http://127.0.0.1:${port}`,
  ]);
  const others = (extra ?? '')
    .split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== '');
  return [...new Set([new URL(settings.publicUrl).origin, ...own, ...others])];
}

function isLocal(publicUrl: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(publicUrl).hostname);
}

/** npm tells its children about itself in some sixty variables. */
function withoutNpm(outer: Environment): Environment {
  return Object.fromEntries(Object.entries(outer).filter(([name]) => !name.startsWith('npm_')));
}
