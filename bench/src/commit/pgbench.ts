import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { medianOf } from './figures.ts';

const run = promisify(execFile);

/** What one slice of writers came to. */
export interface Slice {
  perSecond: number;
  p50Ms: number;
}

/** Where Debian and others put it. */
const PLACES = ['/usr/bin/pgbench', '/usr/lib/postgresql/18/bin/pgbench', '/usr/lib/postgresql/15/bin/pgbench'];

/** The peer: Postgres's own benchmark, in a database of its own on the same server. */
export class Pgbench {
  readonly #program: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #database: string;

  /** @throws {Error} where pgbench is not installed */
  constructor(databaseUrl: string) {
    const program = PLACES.find((place) => existsSync(place));
    if (program === undefined)
      throw new Error('pgbench is not installed: it comes with Postgres (Debian: postgresql-contrib)');
    this.#program = program;
    const url = new URL(databaseUrl);
    this.#database = url.pathname.slice(1);
    this.#env = {
      ...process.env,
      PGHOST: url.hostname,
      PGPORT: url.port,
      PGUSER: decodeURIComponent(url.username),
      PGPASSWORD: decodeURIComponent(url.password),
    };
  }

  async prepare(): Promise<void> {
    await run(this.#program, ['-i', '-q', '-s', '10', this.#database], { env: this.#env });
  }

  /** `pgbench -N` with this many clients. */
  async slice(clients: number, seconds: number): Promise<Slice> {
    const folder = mkdtempSync(join(tmpdir(), 'muster-pgbench-'));
    try {
      const args = ['-N', '-n', '-c', String(clients), '-j', '1', '-T', String(seconds), '-l', this.#database];
      const { stdout } = await run(this.#program, args, { env: this.#env, cwd: folder });
      const [, tps] = /tps = ([\d.]+)/.exec(stdout) ?? [];
      // Each line: client, transaction, microseconds, …
      const lines = readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), 'utf8').trim().split('\n'));
      return { perSecond: Number(tps), p50Ms: medianOf(lines.map((line) => Number(line.split(' ')[2]) / 1_000)) };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
