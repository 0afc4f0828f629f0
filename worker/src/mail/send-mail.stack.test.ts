import { createDatabase } from '@muster/db/connection';
import { createMailRepository } from '@muster/db/repositories/mail.repository';
import { createLogger } from '@muster/runtime/logger';
import { createMetrics } from '@muster/runtime/metrics';
import { createRedisConnections } from '@muster/runtime/redis';
import { startMailServer, type MailServer } from '@muster/testing/mail-server';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWorld, type World } from '../../test/world.ts';
import { careSettingsOf, workerConfig } from '../config.ts';
import { sendMailJob } from '../jobs/send-mail.job.ts';
import { createWorker } from '../worker.ts';
import { createSmtpMailer, type Mailer } from './mailer.ts';

const PUBLIC_URL = 'https://muster.example/';
const FROM = 'Muster <muster@muster.example>';
let world: World;
let server: MailServer;
let mailer: Mailer;
beforeAll(async () => {
  world = await createWorld();
  server = await startMailServer();
  mailer = createSmtpMailer({ url: server.url, from: FROM });
});
afterAll(async () => {
  mailer.close();
  await server.close();
  await world.close();
});

const mails = () => createMailRepository(createDatabase(world.pool));
const logged: string[] = [];
const logger = createLogger({ name: 'test', destination: { write: (line: string) => void logged.push(line) } });
const job = (by: Mailer = mailer) =>
  sendMailJob({
    ...{ mails: mails(), mailer: by, publicUrl: PUBLIC_URL, logger },
    onMail: () => undefined,
  })({});
/** The time to try again has come. */
const makeDue = (email: string) => world.pool.query('update mail set next_at = 0 where email = $1', [email]);
const invite = (email: string) =>
  world.act(world.ada, 'member.invite', { listId: world.listId, email, role: 'editor' });
const rowsTo = async (email: string) =>
  (await world.pool.query('select sent_at, failed_at, error, attempts, data from mail where email = $1', [email])).rows;

it('tells of an invitation, once, and says who shares what and where to go', async () => {
  await world.act(world.ada, 'list.rename', { id: world.listId, title: 'Trip <b>& more</b>\r\nBcc: eve@example.org' });
  await invite('new@example.org');
  await Promise.all([job(), job()]);
  await job();
  const letters = server.to('new@example.org');
  expect(letters).toHaveLength(1);
  const [letter] = letters;
  expect(letter).toMatchObject({ from: 'muster@muster.example', to: ['new@example.org'] });
  expect(letter?.raw).toContain('https://muster.example/sign-up?email=new%40example.org');
  expect(letter?.raw).toContain('&lt;b&gt;&amp; more');
  expect(letter?.raw).not.toMatch(/^Bcc:/mu);
  expect(logged.join('')).not.toContain('new@example.org');
});

/** With an account, and known to be theirs. */
async function person(email: string): Promise<string> {
  const id = randomUUID();
  await world.pool.query(
    `insert into "user" (id, name, email, "emailVerified", "isAnonymous") values ($1, 'Lin', $2, true, false)`,
    [id, email],
  );
  await world.pool.query(`select ensure_principal($1, 'person', 'Lin', null)`, [id]);
  return id;
}

it('tells who has an account that a list was shared with them, and leads into it', async () => {
  await person('lin@example.org');
  await world.act(world.ada, 'list.rename', { id: world.listId, title: 'Trip' });
  await invite('lin@example.org');
  await invite('lin@example.org');
  await job();
  const letters = server.to('lin@example.org');
  expect(letters).toHaveLength(1);
  expect(letters[0]?.raw).toContain('Ada Lovelace shared the list ');
  expect(letters[0]?.raw).toContain(`https://muster.example/lists/${world.listId}`);
  expect(letters[0]?.raw).not.toContain('sign-up');
});

it('tells nobody of a share who wants no such mail, or who is out again', async () => {
  const [quiet, removed] = [await person('quiet@example.org'), await person('removed@example.org')];
  await world.act(quiet, 'settings.update', { fields: { shareMails: false } });
  await invite('quiet@example.org');
  await invite('removed@example.org');
  await world.act(world.ada, 'member.remove', { listId: world.listId, userId: removed });
  await job();
  for (const email of ['quiet@example.org', 'removed@example.org']) {
    expect(server.to(email)).toEqual([]);
    expect(await rowsTo(email)).toMatchObject([{ error: 'outdated', failed_at: expect.any(Number) }]);
  }
  await world.act(quiet, 'settings.update', { fields: { theme: 'dark' } });
  const { rows } = await world.pool.query('select theme, share_mails from settings where id = $1', [quiet]);
  expect(rows).toEqual([{ theme: 'dark', share_mails: false }]);
  await world.act(quiet, 'settings.update', { fields: { shareMails: true } });
  await world.act(world.ada, 'member.remove', { listId: world.listId, userId: quiet });
  await invite('quiet@example.org');
  await job();
  expect(server.to('quiet@example.org')).toHaveLength(1);
});

it('nobody fills the box of somebody else with invitations', async () => {
  const lin = await person('flooded@example.org');
  for (let n = 0; n < 12; n++) {
    await invite('flooded@example.org');
    await world.act(world.ada, 'member.remove', { listId: world.listId, userId: lin });
    await invite('stranger@example.org');
  }
  for (const email of ['flooded@example.org', 'stranger@example.org']) {
    const rows = await rowsTo(email);
    expect(rows.filter(({ failed_at }) => failed_at === null)).toHaveLength(10);
    expect(rows.filter(({ error }) => error === 'too many to this address')).toHaveLength(2);
  }
});

it('keeps what a server does not take now, and sends it once it does', async () => {
  server.answer = { code: 451, at: 'RCPT' };
  await invite('later@example.org');
  await job();
  expect(server.to('later@example.org')).toEqual([]);
  expect(await rowsTo('later@example.org')).toMatchObject([
    { sent_at: null, failed_at: null, error: expect.stringContaining('451') },
  ]);
  await job();
  expect((await rowsTo('later@example.org'))[0]).toMatchObject({ attempts: 1 });
  server.answer = undefined;
  await makeDue('later@example.org');
  await job();
  expect(server.to('later@example.org')).toHaveLength(1);
});

it('gives up an address that is refused for good, and one that nobody can be told of any more', async () => {
  server.answer = { code: 550, at: 'RCPT' };
  await invite('nobody@example.org');
  await job();
  server.answer = undefined;
  await invite('late@example.org');
  await world.pool.query(`update invitation set revoked_at = 1 where email = 'late@example.org'`);
  await job();
  expect(server.to('nobody@example.org')).toEqual([]);
  expect(server.to('late@example.org')).toEqual([]);
  for (const email of ['nobody@example.org', 'late@example.org'])
    expect(await rowsTo(email)).toMatchObject([{ sent_at: null, failed_at: expect.any(Number) }]);
});

it('a server that is not there, or does not let us in, loses nothing', async () => {
  await invite('waits@example.org');
  const nowhere = createSmtpMailer({ url: 'smtp://127.0.0.1:9', from: FROM });
  await job(nowhere);
  nowhere.close();
  await makeDue('waits@example.org');
  expect((await rowsTo('waits@example.org'))[0]).toMatchObject({
    failed_at: null,
    error: expect.stringMatching(/ECONNREFUSED|ESOCKET/),
  });
  server.answer = { code: 535, at: 'AUTH' };
  const wrong = createSmtpMailer({ url: server.url.replace('//', '//ada:wrong@'), from: FROM });
  await job(wrong);
  wrong.close();
  server.answer = undefined;
  expect((await rowsTo('waits@example.org'))[0]).toMatchObject({ failed_at: null, error: 'EAUTH 535' });
  expect(logged.join('')).not.toContain('wrong');
  await makeDue('waits@example.org');
  await job();
  expect(server.to('waits@example.org')).toHaveLength(1);
});

it('a worker that died with a mail leaves it to the next; a link goes from the database once it was sent', async () => {
  const url = 'https://muster.example/reset-password#secret';
  expect(await mails().add('password-reset', 'Grace@example.org', { url }, 60_000)).toBe(true);
  expect(await mails().claim(0)).toMatchObject({ email: 'grace@example.org', attempts: 1 });
  await job();
  expect(server.to('grace@example.org')[0]?.raw).toContain('reset-password#secret');
  const [sent] = await rowsTo('grace@example.org');
  expect([sent.data, sent.attempts]).toEqual([{}, 2]);
  for (let n = 2; n <= 5; n++) await mails().add('password-reset', 'grace@example.org', { url }, 60_000);
  expect(await mails().add('password-reset', 'grace@example.org', { url }, 60_000)).toBe(false);
  await mails().add('password-reset', 'slow@example.org', { url }, 0);
  await job();
  expect(server.to('slow@example.org')).toEqual([]);
  const [late] = await rowsTo('slow@example.org');
  expect([late.data, late.failed_at]).toEqual([{}, expect.any(Number)]);
});

it('a worker sends by itself what waits', async () => {
  const redis = createRedisConnections({ url: world.redisUrl, name: 'worker', logger });
  const worker = await createWorker({
    ...{ commit: world.commit, runs: world.runs, lists: world.lists, redis, names: world.names, logger },
    metrics: createMetrics({ hasProcessMetrics: false }),
    chooseModel: () => {
      throw new Error('no run is asked for');
    },
    ...{ concurrency: 1, graceMs: 100, deadlineMs: 10_000 },
    care: {
      ...{ pool: world.pool, everyMs: 3_600_000 },
      settings: careSettingsOf(workerConfig.parse({ DATABASE_URL: 'postgres://x/x', REDIS_URL: 'redis://x' })),
    },
    mail: { mails: mails(), mailer, publicUrl: PUBLIC_URL },
  });
  await invite('soon@example.org');
  await expect.poll(() => server.to('soon@example.org').length, { timeout: 15_000 }).toBe(1);
  await worker.close();
  await redis.close();
}, 30_000);
