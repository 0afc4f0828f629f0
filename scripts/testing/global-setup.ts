import type { TestProject } from 'vitest/node';
import type {} from './database.ts';
import type {} from './redis.ts';
import { startTestPostgres, startTestRedis, type TestServer } from './services.ts';

/**
 * Vitest's global setup of the projects `pg`, `redis` and `stack`: it starts the servers that a project's suffix
 * promises and tells the tests where they are. Each server is started once for the run, by whichever project comes
 * first, and stopped when the last one is done.
 */
interface Lease {
  server: Promise<TestServer>;
  holders: number;
}

// Projects load this file separately; the process is what they have in common.
const leases = leasesOf(globalThis as { musterTestLeases?: Map<string, Lease> });

function leasesOf(holder: { musterTestLeases?: Map<string, Lease> }): Map<string, Lease> {
  return (holder.musterTestLeases ??= new Map());
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const releases: (() => Promise<void>)[] = [];
  if (project.name !== 'redis') {
    const { server, release } = await lease('postgres', startTestPostgres);
    project.provide('postgresUrl', server.url);
    releases.push(release);
  }
  if (project.name !== 'pg') {
    const { server, release } = await lease('redis', startTestRedis);
    project.provide('redisUrl', server.url);
    releases.push(release);
  }
  return async () => void (await Promise.all(releases.map((release) => release())));
}

async function lease(name: string, start: () => Promise<TestServer>) {
  const held = leases.get(name) ?? { server: start(), holders: 0 };
  leases.set(name, held);
  held.holders += 1;
  return {
    server: await held.server,
    release: async () => {
      held.holders -= 1;
      if (held.holders > 0) return;
      leases.delete(name);
      await (await held.server).stop();
    },
  };
}
