import type { Packet } from '@muster/protocol/change';
import { MusterError } from '@muster/protocol/error';
import { scopeOf, type ScopeId } from '@muster/protocol/id';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EPOCH_B, type Frame } from '../test/fake-server.ts';
import { ADA, BEN, LIST, LIST_SCOPE, record, setUp, settled, titles, uuid, type Setup } from '../test/setup.ts';
import { createMemoryDisk, createMemoryStorage, type MemoryDisk } from './memory-storage.ts';
import type { MusterClient } from './types.ts';

let world: Setup;
let ada: MusterClient;
let disk: MemoryDisk;
beforeEach(async () => {
  world = setUp();
  disk = createMemoryDisk();
  ada = world.client({ storage: createMemoryStorage(disk) });
  await ada.start();
  await settled();
});
afterEach(() => world.stop());

const add = (n: number, title = `T${n}`) => world.server.act(BEN, 'task.create', { id: uuid(n), listId: LIST, title });
const only = () => [...world.server.connections][0]!;
const send = (packet: Packet) => only().emit('scope:changes', packet);
const frames = (event: string) => only().frames.filter((frame) => frame.event === event);
const seq = () => {
  const state = ada.scopeState(LIST_SCOPE);
  return state.state === 'open' ? state.seq : undefined;
};

/** Adds tasks of which no packet is sent. */
function addUnheard(...ns: number[]): void {
  world.server.isDelivering = false;
  for (const n of ns) add(n);
  world.server.isDelivering = true;
}

/** Keeps frames of one kind from the server until they are let go. */
function hold(event: string): { held: Frame[]; release(): void } {
  const held: Frame[] = [];
  const connection = only();
  world.server.intercept = (frame) => {
    if (frame.event !== event) return false;
    held.push(frame);
    return true;
  };
  return {
    held,
    release() {
      world.server.intercept = () => undefined;
      for (const frame of held.splice(0)) world.server.handle(frame, connection);
    },
  };
}

describe('packets', () => {
  it('drops what it has seen and cuts an overlap', async () => {
    addUnheard(1, 2, 3);
    const applied: number[] = [];
    ada.on('change', (_scope, change) => applied.push(change.seq));
    send(world.server.packet(LIST_SCOPE, 3, 4));
    send(world.server.packet(LIST_SCOPE, 3, 3));
    expect(seq()).toBe(4);
    send(world.server.packet(LIST_SCOPE, 3, 5));
    expect(applied).toEqual([3, 4, 5]);
    expect(titles(ada)).toEqual(['T1', 'T2', 'T3']);
    expect(seq()).toBe(5);
    expect(frames('scope:pull')).toHaveLength(0);
  });

  it('holds what comes too early, pulls once, and applies what was held after it', async () => {
    addUnheard(1, 2, 3, 4);
    const pulls = hold('scope:pull');
    send(world.server.packet(LIST_SCOPE, 4, 4));
    await settled();
    expect(ada.status.isBehind).toBe(true);
    send(world.server.packet(LIST_SCOPE, 5, 5));
    send(world.server.packet(LIST_SCOPE, 6, 6));
    await settled();
    expect(pulls.held).toHaveLength(1);
    expect(seq()).toBe(2);
    // The answer is from before the last two: without what was held the scope would stall here.
    const frame = pulls.held[0]!;
    world.server.intercept = () => undefined;
    frame.answer({
      ok: true,
      data: { kind: 'changes', ...world.server.packet(LIST_SCOPE, 3, 4) },
    });
    await settled();
    expect(titles(ada)).toEqual(['T1', 'T2', 'T3', 'T4']);
    expect(ada.status.isBehind).toBe(false);
    expect(frames('scope:pull')).toHaveLength(1);
  });

  it('applies a late packet and what was held behind it while the pull is under way', async () => {
    addUnheard(1, 2);
    const pulls = hold('scope:pull');
    send(world.server.packet(LIST_SCOPE, 4, 4));
    send(world.server.packet(LIST_SCOPE, 3, 3));
    expect(seq()).toBe(4);
    await settled();
    pulls.release();
    await settled();
    expect(titles(ada)).toEqual(['T1', 'T2']);
  });

  it('ignores an older snapshot that packets have overtaken', async () => {
    addUnheard(1, 2);
    const pulls = hold('scope:pull');
    send(world.server.packet(LIST_SCOPE, 4, 4));
    await settled();
    const old = world.server.result(LIST_SCOPE, ADA);
    const { entities } = old as { entities: { type: string }[] };
    send(world.server.packet(LIST_SCOPE, 3, 3));
    pulls.held[0]!.answer({
      ok: true,
      data: { ...old, seq: 2, entities: entities.filter(({ type }) => type !== 'task') },
    });
    await settled();
    expect(titles(ada)).toEqual(['T1', 'T2']);
    expect(seq()).toBe(4);
  });

  it('of another log are held until the scope was read again', async () => {
    world.server.logEpoch = EPOCH_B;
    addUnheard(1);
    send(world.server.packet(LIST_SCOPE, 3, 3));
    expect(titles(ada)).toEqual([]);
    await settled();
    expect(titles(ada)).toEqual(['T1']);
    const { scopes } = await createMemoryStorage(disk).load();
    expect(scopes.find(({ scope }) => scope === LIST_SCOPE)).toMatchObject({ logEpoch: EPOCH_B, seq: 3 });
  });

  it('keeps types and fields that it does not know, verbatim', async () => {
    const effects = [{ op: 'put' as const, type: 'hologram', id: 'x', value: { colour: { deep: [1] } } }];
    const { changes } = world.server.packet(LIST_SCOPE, 2, 2);
    send({ ...world.server.packet(LIST_SCOPE, 3, 3), changes: [{ ...changes[0]!, seq: 3, effects }] });
    expect(ada.get('hologram' as never, 'x')?.value).toEqual({ colour: { deep: [1] } });
  });

  it('stops a scope at an op that it does not know, with all else as it was', async () => {
    const { changes } = world.server.packet(LIST_SCOPE, 2, 2);
    const good = { op: 'patch', type: 'list', id: LIST, fields: { title: 'Changed' } };
    const effects = [good, { op: 'fold', type: 'task', id: uuid(1) }] as never;
    send({ ...world.server.packet(LIST_SCOPE, 3, 3), changes: [{ ...changes[0]!, seq: 3, effects }] });
    expect(ada.scopeState(LIST_SCOPE)).toMatchObject({ state: 'error', error: { code: 'upgrade_required' } });
    expect(ada.get('list', LIST)?.value.title).toBe('Groceries');
    add(1);
    await settled();
    expect(titles(ada)).toEqual([]);
    expect(frames('scope:pull')).toHaveLength(0);
  });

  it('outlives malformed events, and asks for what they should have brought', async () => {
    addUnheard(1);
    for (const data of [null, 7, {}, { scope: LIST_SCOPE }, { scope: LIST_SCOPE, from: 3, to: 9, changes: [null] }]) {
      for (const event of [
        'scope:changes',
        'scope:heads',
        'scope:gone',
        'presence:state',
        'profile:changed',
        'run:chunk',
      ]) {
        only().emit(event, data);
      }
    }
    only().emit('no:such', { a: 1 });
    await settled();
    expect(titles(ada)).toEqual(['T1']);
  });
});

describe('heads', () => {
  it('show the last packet lost before a quiet time', async () => {
    addUnheard(1);
    world.server.heads();
    await settled();
    expect(titles(ada)).toEqual(['T1']);
  });

  it('of another log make it reopen, and a snapshot may lower the seq', async () => {
    add(1);
    add(2);
    await settled();
    world.server.logEpoch = EPOCH_B;
    world.server.logs.set(LIST_SCOPE, world.server.logs.get(LIST_SCOPE)!.slice(0, 3));
    world.server.world.entities.delete(`task/${uuid(2)}`);
    world.server.heads();
    await settled();
    expect(titles(ada)).toEqual(['T1']);
    expect(seq()).toBe(3);
    add(3);
    await settled();
    expect(titles(ada)).toEqual(['T1', 'T3']);
  });

  it('of the same log below our seq: a snapshot is taken where nothing was applied since', async () => {
    add(1);
    await settled();
    const opens = hold('scope:open');
    world.server.logs.set(LIST_SCOPE, world.server.logs.get(LIST_SCOPE)!.slice(0, 2));
    world.server.world.entities.delete(`task/${uuid(1)}`);
    world.server.hello(only());
    await settled();
    opens.release();
    await settled();
    expect(seq()).toBe(2);
    expect(titles(ada)).toEqual([]);
  });
});

describe('hello again, with another log', () => {
  it('reopens everything', async () => {
    world.server.logEpoch = EPOCH_B;
    world.server.hello(only());
    await settled();
    expect(frames('scope:open').at(-1)!.data).toMatchObject({
      scopes: expect.arrayContaining([
        expect.objectContaining({ scope: LIST_SCOPE }),
        expect.objectContaining({ scope: `user:${ADA}` }),
      ]),
    });
    expect(ada.scopeState(LIST_SCOPE)).toMatchObject({ state: 'open', isFresh: true });
  });
});

describe('scope:gone', () => {
  it('wipes the scope and its conversations, and discards answers that were asked for before', async () => {
    const thread = uuid(50);
    world.server.act(BEN, 'thread.create', { id: thread, listId: LIST, title: 'Talk' });
    const handle = ada.open(scopeOf('thread', thread));
    await handle.ready;
    add(1);
    await settled();
    addUnheard(2, 3);
    const pulls = hold('scope:pull');
    send(world.server.packet(LIST_SCOPE, 6, 6));
    await settled();
    const old = world.server.result(LIST_SCOPE, ADA);
    only().emit('scope:gone', { scope: LIST_SCOPE, reason: 'removed' });
    expect(ada.scopeState(LIST_SCOPE)).toEqual({ state: 'gone', reason: 'removed' });
    pulls.held[0]!.answer({ ok: true, data: old });
    send(world.server.packet(LIST_SCOPE, 4, 6));
    await settled();
    expect(ada.all(LIST_SCOPE, 'task')).toEqual([]);
    expect(ada.get('list', LIST)).toBeUndefined();
    expect(ada.scopeState(scopeOf('thread', thread))).toEqual({ state: 'gone', reason: 'removed' });
  });

  it('is what not_found means for a scope that is held', async () => {
    const told = record(ada);
    world.server.world.run(ADA, (await import('@muster/domain/registry')).COMMANDS['member.setRole'], {
      listId: LIST,
      userId: BEN,
      role: 'owner',
    });
    world.server.world.entities.delete(`${LIST_SCOPE}/member/${ADA}`);
    only().cut();
    await world.clock.advance(1_000);
    expect(ada.scopeState(LIST_SCOPE)).toEqual({ state: 'gone', reason: 'removed' });
    expect(told.some(({ type, id }) => type === 'list' && id === LIST)).toBe(true);
  });

  it('is followed again once the membership comes back', async () => {
    world.server.act(BEN, 'member.remove', { listId: LIST, userId: BEN });
    world.server.act(ADA, 'list.create', { id: uuid(300), title: 'Mine' });
    await settled();
    only().emit('scope:gone', { scope: scopeOf('list', uuid(300)), reason: 'removed' });
    const membership = { role: 'editor', pos: 'b', muted: false, seenSeq: 0 };
    world.server.log(
      { effects: [{ scope: `user:${ADA}`, effect: { op: 'del', type: 'membership', id: uuid(300) } }] },
      BEN,
    );
    await settled();
    expect(ada.scopeState(scopeOf('list', uuid(300)))).toMatchObject({ state: 'absent' });
    world.server.log(
      {
        effects: [
          { scope: `user:${ADA}`, effect: { op: 'put', type: 'membership', id: uuid(300), value: membership } },
        ],
      },
      BEN,
    );
    await settled();
    expect(ada.scopeState(scopeOf('list', uuid(300)))).toMatchObject({ state: 'open' });
  });

  it('is asked for again where the person is still a member: they were let in again before this was heard', async () => {
    const list = scopeOf('list', uuid(300));
    world.server.act(ADA, 'list.create', { id: uuid(300), title: 'Mine' });
    await settled();
    only().emit('scope:gone', { scope: list, reason: 'removed' });
    await settled();
    expect([ada.scopeState(list), ada.get('list', uuid(300))]).toEqual([
      { state: 'gone', reason: 'removed' },
      undefined,
    ]);
    await world.clock.advance(1_000);
    expect(ada.scopeState(list)).toMatchObject({ state: 'open', isFresh: true });
    expect(ada.get('list', uuid(300))?.value.title).toBe('Mine');
    world.server.act(ADA, 'list.rename', { id: uuid(300), title: 'Ours' });
    await settled();
    expect(ada.get('list', uuid(300))?.value.title).toBe('Ours');
  });

  it('is asked for a few times only where the server keeps saying so, and anew on the next connection', async () => {
    const { entities } = world.server.world;
    const key = `${LIST_SCOPE}/member/${ADA}`;
    const member = entities.get(key)!;
    entities.delete(key);
    only().emit('scope:gone', { scope: LIST_SCOPE, reason: 'removed' });
    const passAMinute = async () => {
      for (let n = 0; n < 15; n += 1) await world.clock.advance(4_000).then(() => world.server.heads());
    };
    await passAMinute();
    const before = frames('scope:open').length;
    expect(before).toBeLessThan(12);
    await passAMinute();
    expect(frames('scope:open')).toHaveLength(before);
    expect(ada.scopeState(LIST_SCOPE)).toEqual({ state: 'gone', reason: 'removed' });
    entities.set(key, member);
    only().cut();
    await world.clock.advance(1_000);
    expect(ada.scopeState(LIST_SCOPE)).toMatchObject({ state: 'open' });
  });
});

describe('opening', () => {
  it('asks for its person and their lists in one frame on every connection', async () => {
    for (let n = 0; n < 3; n += 1) world.server.act(ADA, 'list.create', { id: uuid(200 + n), title: `L${n}` });
    await settled();
    only().cut();
    await world.clock.advance(1_000);
    expect(frames('scope:open')).toHaveLength(1);
    const { scopes } = frames('scope:open')[0]!.data as { scopes: { scope: ScopeId; after?: unknown }[] };
    expect(scopes).toHaveLength(5);
    expect(scopes.every(({ after }) => after !== undefined)).toBe(true);
  });

  it('never asks for more than 200 scopes in a frame', async () => {
    for (let n = 0; n < 250; n += 1) world.server.act(ADA, 'list.create', { id: uuid(1_000 + n), title: `L${n}` });
    await settled();
    only().cut();
    await world.clock.advance(1_000);
    const sizes = frames('scope:open').map(({ data }) => (data as { scopes: unknown[] }).scopes.length);
    expect(sizes).toEqual([200, 52]);
  });

  it('catches up within the five seconds that anybody may lag, however long the server could not answer', async () => {
    only().cut();
    world.server.intercept = (frame) => {
      if (frame.event !== 'scope:open') return false;
      frame.answer({ ok: false, error: new MusterError('unavailable', 'Not now.').toWire() });
      return true;
    };
    await world.clock.advance(60_000);
    addUnheard(1);
    world.server.intercept = () => undefined;
    await world.clock.advance(4_500);
    expect(titles(ada)).toEqual(['T1']);
  });

  it('asks again for what was put off for later', async () => {
    world.server.act(ADA, 'list.create', { id: uuid(200), title: 'Second' });
    await settled();
    let turns = 0;
    world.server.intercept = (frame, connection) => {
      if (frame.event !== 'scope:open' || (turns += 1) > 1) return false;
      const { scopes } = frame.data as { scopes: { scope: ScopeId; after?: never }[] };
      const results = scopes.map(({ scope, after }, at) =>
        at === 0 ? world.server.result(scope, connection.userId, after) : { scope, kind: 'later' },
      );
      frame.answer({ ok: true, data: { results, profiles: {} } });
      return true;
    };
    only().cut();
    await world.clock.advance(1_000);
    expect(ada.scopeState(scopeOf('list', uuid(200)))).toMatchObject({ state: 'open', isFresh: true });
    expect(ada.scopeState(LIST_SCOPE)).toMatchObject({ state: 'open', isFresh: true });
  });

  it('puts a paged snapshot together, with what came meanwhile on top', async () => {
    add(1);
    add(2);
    const other = world.client();
    world.server.intercept = (frame, connection) => {
      const { scopes, scope } = frame.data as { scopes?: { scope: ScopeId }[]; scope?: ScopeId };
      if (frame.event === 'scope:page') {
        add(3);
        const whole = world.server.result(scope!, ADA) as { entities: unknown[] };
        frame.answer({ ok: true, data: { entities: whole.entities.slice(2) } });
        return true;
      }
      if (frame.event !== 'scope:open' || !scopes!.some((one) => one.scope === LIST_SCOPE)) return false;
      const whole = world.server.result(LIST_SCOPE, ADA) as { entities: unknown[] };
      connection.joined.add(LIST_SCOPE);
      frame.answer({
        ok: true,
        data: { results: [{ ...whole, entities: whole.entities.slice(0, 2), next: 'p2' }], profiles: {} },
      });
      return true;
    };
    await other.start();
    await settled();
    expect(titles(other)).toEqual(['T1', 'T2', 'T3']);
    expect(other.scopeState(LIST_SCOPE)).toMatchObject({ seq: 5 });
  });

  it('tells who asked for a scope that is not theirs to see, and asks anew where it is opened anew', async () => {
    const scope = scopeOf('list', uuid(400));
    await expect(ada.open(scope).ready).rejects.toMatchObject({ code: 'not_found' });
    expect(ada.scopeState(scope)).toMatchObject({ state: 'error', error: { code: 'not_found' } });
    await expect(ada.open('list:nonsense').ready).rejects.toMatchObject({ code: 'invalid' });
    world.server.act(ADA, 'list.create', { id: uuid(400), title: 'Now' });
    await ada.open(scope).ready;
    expect(ada.get('list', uuid(400))?.value.title).toBe('Now');
  });

  it('shares one open between handles, and closes with the last', async () => {
    const thread = scopeOf('thread', uuid(50));
    world.server.act(BEN, 'thread.create', { id: uuid(50), listId: LIST, title: 'Talk' });
    const [one, two] = [ada.open(thread), ada.open(thread)];
    await Promise.all([one.ready, two.ready]);
    one.close();
    one.close();
    await settled();
    expect(frames('scope:close')).toHaveLength(0);
    two.close();
    await settled();
    expect(frames('scope:close')).toHaveLength(1);
    expect(frames('scope:open').filter(({ data }) => JSON.stringify(data).includes(thread))).toHaveLength(1);
  });
});
