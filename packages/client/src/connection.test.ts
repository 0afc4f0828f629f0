import { MusterError, type ErrorCode } from '@muster/protocol/error';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADA, LIST, LIST_SCOPE, setUp, settled, titles, uuid, type Setup } from '../test/setup.ts';
import type { MusterClient } from './types.ts';

let world: Setup;
let ada: MusterClient;
beforeEach(() => {
  world = setUp();
  ada = world.client();
});
afterEach(() => world.stop());

const only = () => [...world.server.connections][0]!;
const begin = async () => {
  await ada.start();
  await settled();
};

describe('silence', () => {
  it('of 5 s says so and connects anew', async () => {
    await begin();
    await world.clock.advance(4_900);
    expect(world.server.connects).toBe(1);
    expect(ada.status.connection).toBe('online');
    await world.clock.advance(201);
    expect(ada.status).toMatchObject({ connection: 'connecting', since: expect.any(Number) });
    await world.clock.advance(1_000);
    expect(world.server.connects).toBe(2);
    expect(ada.status).toMatchObject({ connection: 'online', since: null });
  });

  it('is none while heads come, and what was missed comes with the new connection', async () => {
    await begin();
    for (let turn = 0; turn < 5; turn += 1) {
      await world.clock.advance(3_000);
      world.server.heads();
    }
    expect(world.server.connects).toBe(1);
    world.server.isDelivering = false;
    world.server.act(ADA, 'task.create', { id: uuid(1), listId: LIST, title: 'Milk' });
    await world.clock.advance(7_000);
    expect(titles(ada)).toEqual(['Milk']);
  });

  it('is noticed also where the clock was set back meanwhile', async () => {
    let skewMs = 0;
    const { clock } = world;
    ada = world.client({
      clock: {
        now: () => clock.now() + skewMs,
        random: () => clock.random(),
        setTimeout: (run, ms) => clock.setTimeout(run, ms),
      },
    });
    await begin();
    await clock.advance(1_000);
    skewMs = -3_600_000;
    await clock.advance(12_000);
    expect(world.server.connects).toBe(2);
    expect(ada.status.connection).toBe('online');
  });

  it('of a server that says nothing to a handshake counts too', async () => {
    ada = world.client({
      token: 'x',
      transport: {
        connect: (...args) => (
          (world.server.connects += 1),
          void args,
          { send: () => undefined, close: () => undefined }
        ),
      },
    });
    await ada.start();
    await world.clock.advance(6_000);
    expect(world.server.connects).toBeGreaterThan(1);
    expect(ada.status.connection).not.toBe('online');
  });

  it('in answer to one request ends the connection', async () => {
    await begin();
    const deaf = only();
    world.server.intercept = (frame, connection) => connection === deaf && frame.event === 'mutate';
    const { outcome } = ada.mutate('task.create', { id: uuid(1), listId: LIST, title: 'Milk' });
    for (let turn = 0; turn < 5; turn += 1) {
      await world.clock.advance(3_000);
      world.server.heads();
    }
    await world.clock.advance(1_000);
    expect(world.server.connects).toBe(2);
    expect(await outcome).toMatchObject({ status: 'applied' });
  });
});

describe('trying again', () => {
  it('waits longer each time, drawn from the whole range', async () => {
    const waits: number[] = [];
    const { clock } = world;
    clock.next = 0.5;
    const setTimer = clock.setTimeout.bind(clock);
    clock.setTimeout = (run, ms) => (waits.push(ms), setTimer(run, ms));
    world.server.admit = () => {
      throw new Error('down');
    };
    await ada.start();
    await clock.advance(60_000);
    // Without those that watch over silence and over the clock itself.
    const retries = waits.filter((ms) => ms !== 5_000 && ms !== 1_000);
    expect(retries.slice(0, 5)).toEqual([300, 600, 1_200, 2_400, 4_800]);
    expect(ada.status).toMatchObject({ connection: 'offline', since: 1_000_000 });
    expect(Math.max(...retries)).toBeLessThanOrEqual(5_000);
  });

  it('waits longer each time too where it is let in and then refused everything', async () => {
    world.server.intercept = (frame) => {
      frame.answer({ ok: false, error: new MusterError('unauthenticated', 'No.').toWire() });
      return true;
    };
    await ada.start();
    await world.clock.advance(60_000);
    expect(world.server.connects).toBeLessThan(15);
  });

  it('goes elsewhere when the gateway drains, within the time it gives', async () => {
    await begin();
    world.clock.next = 0.5;
    only().emit('server:drain', { retryAfterMs: 2_000 });
    await world.clock.advance(990);
    expect(world.server.connects).toBe(1);
    await world.clock.advance(20);
    expect(world.server.connects).toBe(2);
    expect(ada.status.connection).toBe('online');
  });

  it('asks for a token before each connection', async () => {
    let asked = 0;
    ada = world.client({ token: () => ((asked += 1), ADA) });
    await begin();
    only().cut();
    await world.clock.advance(1_000);
    expect(asked).toBe(2);
  });
});

describe('a refusal', () => {
  it.each<ErrorCode>(['unauthenticated', 'upgrade_required'])(
    'with %s stops, says why, and can be tried again',
    async (code) => {
      const { admit } = world.server;
      world.server.admit = () => {
        throw new MusterError(code, 'No.');
      };
      await ada.start();
      await world.clock.advance(60_000);
      expect(world.server.connects).toBe(1);
      expect(ada.status).toMatchObject({ connection: 'refused', error: { code } });
      world.server.admit = admit;
      ada.reconnect();
      await settled();
      expect(ada.status).toMatchObject({ connection: 'online', error: null });
    },
  );

  it('with unavailable is a reason to wait', async () => {
    const { admit } = world.server;
    world.server.admit = () => {
      throw new MusterError('unavailable', 'Not yet.');
    };
    await ada.start();
    await world.clock.advance(500);
    world.server.admit = admit;
    await world.clock.advance(10_000);
    expect(ada.status.connection).toBe('online');
  });
});

describe('the end', () => {
  it('of a client leaves nothing running, and says so', async () => {
    await begin();
    const handle = ada.open(LIST_SCOPE);
    await ada.stop();
    handle.close();
    await world.clock.advance(60_000);
    expect(world.server.connects).toBe(1);
    expect(world.server.connections.size).toBe(0);
    expect(ada.status.connection).toBe('stopped');
  });
});
