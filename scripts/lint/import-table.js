/**
 * Who may import whom (docs/architecture.md shows the same as a picture). Of our own packages only what stands in
 * `may`; other people's are free unless `never` names them. `*` stands for anything.
 */
export const ROOMS = {
  protocol: { folder: 'packages/protocol', may: [], never: ['node:*'], onlyForeign: ['zod'] },
  domain: { folder: 'packages/domain', may: ['protocol'], never: ['node:*', 'pg', 'kysely', 'ioredis'] },
  client: { folder: 'packages/client', may: ['domain', 'protocol'], never: ['node:*', 'svelte'] },
  runtime: { folder: 'packages/runtime', may: [], never: [] },
  db: { folder: 'db', may: ['domain', 'protocol'], never: ['ioredis', 'bullmq', 'socket.io'] },
  gateway: { folder: 'gateway', may: ['domain', 'protocol', 'db', 'runtime'], never: ['@openai/agents'] },
  worker: {
    folder: 'worker',
    may: ['domain', 'protocol', 'db', 'runtime'],
    never: ['koa', '@koa/router', 'socket.io'],
  },
  web: { folder: 'web', may: ['client', 'domain', 'protocol'], never: ['node:*'] },
  testing: { folder: 'scripts/testing', may: ['*'], never: [] },
  scripts: { folder: 'scripts', may: ['*'], never: [] },
  e2e: { folder: 'e2e', may: ['*'], never: [] },
  proof: { folder: 'proof', may: ['*'], never: [] },
  bench: { folder: 'bench', may: ['*'], never: [] },
  loadtest: { folder: 'loadtest', may: [], never: ['node:*'] },
};

/** Redis names and job payloads: for servers only. */
export const INTERNAL = { prefix: '@muster/protocol/internal/', rooms: ['db', 'gateway', 'worker'] };
