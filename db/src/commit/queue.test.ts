import type { ScopeId } from '@muster/protocol/id';
import { expect, test } from 'vitest';
import type { Entry } from './entry.ts';
import { Queue } from './queue.ts';

const entry = (name: string, more: Partial<Entry> & { client?: string; mid?: number; key?: string } = {}): Entry => {
  const { client, mid = 1, key, ...rest } = more;
  return {
    submission: {
      actor: { id: 'ada', kind: 'person' },
      commands: [{ name, args: {} }],
      ...(client ? { client: { clientId: client, mid, nonce: 'n' } } : {}),
      ...(key ? { idempotency: { key, bodyHash: 'h' } } : {}),
    },
    commands: [],
    refusal: undefined,
    actor: { id: 'ada', kind: 'person' },
    subject: 'ada',
    isMembership: false,
    touches: [],
    scopes: ['list:x'],
    acls: [],
    tries: 0,
    settle: () => undefined,
    fail: () => undefined,
    ...rest,
  };
};
const names = (entries: Entry[]) => entries.map(({ submission }) => submission.commands[0]?.name);
const scopes = (...ids: string[]) => ids.map((id): ScopeId => `list:${id}`);

function queueOf(...entries: Entry[]): Queue {
  const queue = new Queue();
  for (const one of entries) queue.enter(one);
  return queue;
}

test('a batch spans scopes and clients, up to a hundred', () => {
  const entries = Array.from({ length: 150 }, (_, n) => entry(`c${n}`, { scopes: scopes(String(n % 7)) }));
  const queue = queueOf(...entries);
  expect(queue.take()).toEqual(entries.slice(0, 100));
});

test('what is in flight is nobody else’s: scope, client and key', () => {
  const queue = queueOf(entry('first', { scopes: scopes('a'), client: 'one', key: 'k' }));
  const first = queue.take();
  for (const more of [
    { scopes: scopes('a') },
    { scopes: scopes('b'), client: 'one', mid: 2 },
    { scopes: scopes('c'), key: 'k' },
  ]) {
    queue.enter(entry('waits', more));
  }
  queue.enter(entry('free', { scopes: scopes('d') }));
  expect(names(queue.take())).toEqual(['free']);
  queue.release(first);
  expect(names(queue.take())).toEqual(['waits', 'waits', 'waits']);
});

test('a client’s later mid goes with the earlier one or after it, never before', () => {
  const one = entry('1', { client: 'c', mid: 1, scopes: undefined });
  const two = entry('2', { client: 'c', mid: 2, scopes: scopes('quiet') });
  const queue = queueOf(one, two);
  expect(queue.take()).toEqual([]);
  one.scopes = scopes('hot');
  expect(names(queue.take())).toEqual(['1', '2']);
});

test('a key used twice is taken once, the second finds the result of the first', () => {
  const queue = queueOf(entry('1', { key: 'k', scopes: scopes('a') }), entry('2', { key: 'k', scopes: scopes('b') }));
  const first = queue.take();
  expect(names(first)).toEqual(['1']);
  queue.release(first);
  expect(names(queue.take())).toEqual(['2']);
});

test('a membership change goes alone, and nobody overtakes it in its scopes', () => {
  const queue = queueOf(
    entry('other list', { scopes: scopes('y') }),
    entry('member.remove', { scopes: scopes('x', 'user'), isMembership: true }),
    entry('same list', { scopes: scopes('x') }),
  );
  const first = queue.take();
  expect(names(first)).toEqual(['other list']);
  const second = queue.take();
  expect(names(second)).toEqual(['member.remove']);
  expect(queue.take()).toEqual([]);
  queue.release(second);
  expect(names(queue.take())).toEqual(['same list']);
});

test('what starts again goes first', () => {
  const queue = queueOf(entry('1'), entry('2', { scopes: scopes('other') }));
  const taken = queue.take();
  queue.enter(entry('3'));
  queue.release(taken);
  queue.putBack(taken);
  expect(names(queue.take())).toEqual(['1', '2', '3']);
});

test('two free lanes share what waits, a scope stays in one piece, and little is not shared', () => {
  const many = Array.from({ length: 60 }, (_, n) => entry(`c${n}`, { scopes: scopes(String(n % 40)) }));
  const queue = queueOf(...many);
  const [first, second] = [queue.take(2), queue.take(1)];
  // The first thirty, and the ten behind that are in their scopes.
  expect(first).toHaveLength(50);
  expect(second).toHaveLength(10);
  const few = queueOf(...Array.from({ length: 16 }, (_, n) => entry(`c${n}`, { scopes: scopes(String(n)) })));
  expect(few.take(2)).toHaveLength(16);
});

test('a crowd in one scope and the rest go in batches of their own, where two lanes are free', () => {
  const hot = Array.from({ length: 10 }, (_, n) => entry(`hot ${n}`, { scopes: scopes('hot') }));
  const mixed = () => queueOf(...hot.slice(0, 3), entry('quiet', { scopes: scopes('quiet') }), ...hot.slice(3));
  const queue = mixed();
  expect(queue.take(2)).toEqual(hot);
  expect(names(queue.take(1))).toEqual(['quiet']);
  // With one lane, waiting for another batch would cost more.
  expect(mixed().take(1)).toHaveLength(11);
});

test('a crowd that cannot go yet keeps nobody else waiting', () => {
  const [first, ...crowd] = Array.from({ length: 10 }, (_, n) => entry(`hot ${n}`, { scopes: scopes('hot') }));
  const queue = queueOf(first as Entry);
  queue.take(1);
  for (const one of [...crowd, entry('quiet', { scopes: scopes('quiet') })]) queue.enter(one);
  expect(names(queue.take(2))).toEqual(['quiet']);
});

test('a crowd whose clients wait for something elsewhere first holds up nobody, itself least of all', () => {
  const client = 'one';
  const first = entry('elsewhere', { client, mid: 1, scopes: scopes('quiet') });
  const crowd = Array.from({ length: 5 }, (_, n) => entry(`hot ${n}`, { client, mid: n + 2, scopes: scopes('hot') }));
  const queue = queueOf(first, ...crowd);
  expect(queue.take(2)).not.toEqual([]);
});

test('what cannot go is looked at once, not again with each that comes behind it', () => {
  let looks = 0;
  const watched = (name: string, more: Parameters<typeof entry>[1] = {}): Entry => {
    const one = entry(name, more);
    const { scopes: own } = one;
    return Object.defineProperty(one, 'scopes', { get: () => ((looks += 1), own) });
  };
  const queue = queueOf(entry('under way', { scopes: scopes('hot') }));
  const underWay = queue.take(1);
  const many = Array.from({ length: 500 }, (_, n) => watched(`c${n}`, { scopes: scopes('hot') }));
  for (const one of many) {
    queue.enter(one);
    expect(queue.take(2)).toEqual([]);
  }
  expect(looks).toBeLessThan(many.length * 10);
  // Whoever may go goes at once, and is not in the way of those before.
  queue.enter(entry('quiet', { scopes: scopes('quiet') }));
  expect(names(queue.take(2))).toEqual(['quiet']);
  looks = 0;
  for (let n = 0; n < 100; n++) {
    queue.enter(entry(`quiet ${n}`, { scopes: scopes(`quiet ${n}`) }));
    expect(names(queue.take(2))).toEqual([`quiet ${n}`]);
  }
  expect(looks).toBeLessThan(many.length);
  queue.release(underWay);
  expect(queue.take(1)).toEqual(many.slice(0, 100));
});

test('one that was passed over goes once it has found its place, or the one before it gave up', () => {
  const [first, second] = [1, 2].map((mid) => entry(String(mid), { client: 'c', mid, scopes: undefined }));
  const queue = queueOf(first!, second!);
  expect(queue.take()).toEqual([]);
  second!.scopes = scopes('late');
  expect(queue.take()).toEqual([]);
  queue.leave(first!);
  expect(queue.take()).toEqual([second]);
});

test('a later mid that was put back is held back by the earlier one before it again', () => {
  const one = entry('1', { client: 'c', mid: 1, scopes: scopes('a') });
  const two = entry('2', { client: 'c', mid: 2, scopes: scopes('a') });
  const queue = queueOf(one);
  const taken = queue.take();
  queue.enter(two);
  expect(queue.take()).toEqual([]);
  queue.putBack(taken);
  expect(queue.take()).toEqual([]);
  queue.release(taken);
  expect(names(queue.take())).toEqual(['1', '2']);
});

test('whatever came, went, was put back or found its place before: what may go goes, and nothing twice', () => {
  let drawn = 7;
  const draw = (below: number) => (drawn = (drawn * 1_664_525 + 1_013_904_223) >>> 0) % below;
  const claimsOf = ({ submission: { client }, scopes: own = [] }: Entry) => [client?.clientId, ...own];
  let [empty, full] = [0, 0];
  for (let round = 0; round < 100; round++) {
    const queue = new Queue();
    let waiting: Entry[] = [];
    const flights: Entry[][] = [];
    const isFree = (one: Entry) => {
      const before = new Set(flights.flat().flatMap(claimsOf));
      for (const other of waiting.slice(0, waiting.indexOf(one))) {
        before.add(other.submission.client?.clientId);
        if (other.isMembership) for (const scope of other.scopes ?? []) before.add(scope);
      }
      return one.scopes !== undefined && claimsOf(one).every((claim) => !before.has(claim));
    };
    for (let step = 0; step < 200; step++) {
      const act = draw(20);
      const flight = act < 14 ? undefined : flights.shift();
      if (act < 9) {
        const own = draw(6) === 0 ? undefined : scopes(String(draw(5)));
        const one = entry('any', { client: `c${draw(8)}`, mid: step, isMembership: draw(12) === 0, scopes: own });
        queue.enter(one);
        waiting.push(one);
      } else if (act < 14) {
        const taken = queue.take(1 + draw(2));
        if (taken.length === 0) expect(waiting.filter(isFree)).toEqual([]);
        else expect(taken.every((one) => waiting.includes(one)) && isFree(taken[0] as Entry)).toBe(true);
        waiting = waiting.filter((one) => !taken.includes(one));
        if (taken.length > 0) flights.push(taken);
        if (taken.length === 0) empty += 1;
        else full += 1;
      } else if (flight && act < 18) {
        queue.release(flight);
        for (const one of flight) queue.leave(one);
      } else if (flight) {
        queue.putBack(flight);
        waiting = [...flight, ...waiting];
        queue.release(flight);
      } else {
        for (const one of waiting.filter((other) => !other.scopes).slice(0, 1)) one.scopes = scopes(String(draw(5)));
        for (const one of waiting.splice(draw(9), 1)) queue.leave(one);
      }
    }
  }
  expect(Math.min(empty, full)).toBeGreaterThan(1_000);
});
