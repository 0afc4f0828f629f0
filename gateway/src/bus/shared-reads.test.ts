import type { ScopeAsk } from '@muster/db/repositories/feed-types';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LIST, MemoryWorld, settle, THREAD, type MemorySocket } from './test/memory-world.ts';

/** As many as the gate lets through to Postgres at once. */
const PLACES = 4;

let world: MemoryWorld;
/** What Postgres was asked for, a statement each. */
let asked: (readonly ScopeAsk[])[];
beforeEach(async () => {
  vi.useFakeTimers();
  world = new MemoryWorld();
  world.feed.make(LIST, { ada: 'owner', ben: 'editor', eve: 'viewer' });
  world.feed.make(THREAD, {}, LIST);
  asked = [];
  const read = world.feed.readScopes;
  world.feed.readScopes = (asks) => {
    asked.push(asks);
    return read(asks);
  };
  await world.bus.start();
});
afterEach(() => {
  world.bus.stop();
  vi.useRealTimers();
});

const position = (seq: number) => ({ seq, logEpoch: world.feed.logEpoch });
/** All places are taken until the returned is called, for all or some: what is asked meanwhile waits. */
async function fillPlaces() {
  const scopes = Array.from({ length: PLACES }, (_, n) => `list:${n}0000000-0000-4000-8000-000000000000` as const);
  const reads = scopes.map((scope) => {
    world.feed.make(scope, { mallory: 'owner' });
    return world.feed.hold('readScopes');
  });
  const openings = scopes.map((scope) => world.connect('mallory').open(scope));
  await Promise.all(reads.map(({ taken }) => taken));
  asked.length = 0;
  return async (count = PLACES) => {
    for (const { arrive } of reads.splice(0, count)) arrive();
    await Promise.all(openings.splice(0, count));
  };
}
/** Opens, as far as waiting in line. */
async function ask(userId: string, ...args: Parameters<MemorySocket['open']>) {
  const socket = world.connect(userId);
  const opening = socket.open(...args);
  await settle();
  return { socket, opening };
}

test('who waits for the same is read together, each by their own right, and a stranger learns nothing', async () => {
  world.commit();
  const free = await fillPlaces();
  const asks = [];
  for (const who of ['ada', 'ben', 'eve', 'stranger', 'ada', 'ben']) asks.push(await ask(who));
  expect(await world.measured('read_queue_depth')).toBe(6);
  await free();
  const answers = await Promise.all(asks.map(({ opening }) => opening));
  expect(answers.map((answer) => answer?.results[0]?.kind)).toEqual([
    ...['snapshot', 'snapshot', 'snapshot', 'error', 'snapshot', 'snapshot'],
  ]);
  expect(answers[3]?.results).toMatchObject([{ error: { code: 'not_found' } }]);
  expect(asked).toEqual([[{ scope: LIST, readers: ['ada', 'ben', 'eve', 'stranger'] }]]);
  expect(await world.measured('reads_shared_total')).toBe(5);
  expect(await world.measured('read_queue_depth')).toBe(0);
  world.commit();
  await vi.advanceTimersByTimeAsync(10);
  expect(asks.map(({ socket }) => socket.seqs())).toEqual([[2], [2], [2], [], [2], [2]]);
});

test('positions are compared when the read starts: those that the ring brings up to date share it', async () => {
  await (
    await ask('ada')
  ).opening;
  for (let n = 0; n < 5; n++) world.commit();
  await vi.advanceTimersByTimeAsync(10);
  const free = await fillPlaces();
  const [one, two] = [await ask('ada', LIST, position(2)), await ask('ben', LIST, position(4))];
  const cold = await ask('eve');
  world.commit();
  await vi.advanceTimersByTimeAsync(10);
  await free();
  expect((await one.opening)?.results).toMatchObject([{ kind: 'changes', from: 3, to: 6 }]);
  expect((await two.opening)?.results).toMatchObject([{ kind: 'changes', from: 5, to: 6 }]);
  expect((await cold.opening)?.results).toMatchObject([{ kind: 'snapshot', seq: 6 }]);
  expect(asked).toEqual([
    [{ scope: LIST, after: position(6), readers: ['ada', 'ben'] }],
    [{ scope: LIST, readers: ['eve'] }],
  ]);
  expect(await world.measured('ring_answers_total')).toBe(6);
});

test('nobody rides on a read that began before they asked: it may be from before they were let in', async () => {
  const held = world.feed.hold('readScopes');
  const first = await ask('ada');
  await held.taken;
  world.feed.add(LIST, 'newcomer');
  const second = await ask('newcomer');
  expect((await second.opening)?.results).toMatchObject([{ kind: 'snapshot' }]);
  held.arrive();
  expect((await first.opening)?.results).toMatchObject([{ kind: 'snapshot' }]);
});

test('several scopes of one reader: what others have read along is not asked for again', async () => {
  const free = await fillPlaces();
  const one = await ask('ada', LIST);
  const both = world.connect('ben');
  let kinds: string[] = [];
  const opening = world.bus.gate.open(both.member.reader, [{ scope: LIST }, { scope: THREAD }], ({ results }) => {
    kinds = results.map(({ kind }) => kind);
  });
  await settle();
  await free();
  await Promise.all([one.opening, opening]);
  expect(kinds).toEqual(['snapshot', 'snapshot']);
  expect(asked).toEqual([[{ scope: LIST, readers: ['ada', 'ben'] }], [{ scope: THREAD, readers: ['ben'] }]]);
});

test('a reader who was failed by one scope asks for no other', async () => {
  const free = await fillPlaces();
  const one = await ask('ada', LIST);
  const both = world.connect('ben');
  const wants = [{ scope: LIST }, { scope: THREAD }];
  const opening = world.bus.gate.open(both.member.reader, wants, () => undefined);
  const outcomes = Promise.allSettled([one.opening, opening]);
  await settle();
  world.feed.fail('readScopes');
  await free(1);
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await free();
  expect(asked).toEqual([[{ scope: LIST, readers: ['ada', 'ben'] }]]);
  expect(await world.measured('read_queue_depth')).toBe(0);
});

test('a read that fails is unavailable for all of its riders, and the next is not', async () => {
  const free = await fillPlaces();
  const asks = [await ask('ada'), await ask('ben')];
  world.feed.fail('readScopes');
  const outcomes = Promise.allSettled(asks.map(({ opening }) => opening));
  await free();
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect((await (await ask('ada')).opening)?.results).toMatchObject([{ kind: 'snapshot' }]);
});

test('a big answer is handed out a few times in one turn; the others wait for another read', async () => {
  const notes = 'x'.repeat(900_000);
  for (let n = 0; n < 2; n++) world.redis.publish(world.feed.commit(LIST));
  const read = world.feed.readScopes;
  world.feed.readScopes = async (asks) => {
    const answers = await read(asks);
    for (const answer of answers) {
      if (answer?.read.kind === 'snapshot') answer.read.entities = [{ type: 'task', id: 't', value: { notes } }];
    }
    return answers;
  };
  const free = await fillPlaces();
  const asks = [];
  for (let n = 0; n < 12; n++) asks.push(await ask(n % 2 ? 'ada' : 'ben'));
  await free();
  const answers = await Promise.all(asks.map(({ opening }) => opening));
  expect(answers.every((answer) => answer?.results[0]?.kind === 'snapshot')).toBe(true);
  expect(asked.length).toBeGreaterThan(1);
  expect(asked.length).toBeLessThan(12);
  expect(await world.measured('read_queue_depth')).toBe(0);
});

test('a socket that leaves while it waits holds nothing up, and leaves nothing behind', async () => {
  const free = await fillPlaces();
  const gone = await ask('ada');
  const stays = await ask('ben');
  gone.socket.close();
  await free();
  expect(await gone.opening).toBeUndefined();
  expect((await stays.opening)?.results).toMatchObject([{ kind: 'snapshot' }]);
  stays.socket.close();
  expect(world.redis.calls.at(-1)).toBe(`unsubscribe ${LIST}`);
});
