import type { Transport, TransportEvents } from '@muster/client/types';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Random } from '../../sim/random.ts';
import { RawSeat } from './raw-seat.ts';

const USER = '00000000-0000-4000-8000-000000000001';
const LIST = 'list:00000000-0000-7000-8000-000000000002';
const UNAVAILABLE = { code: 'unavailable', message: 'Try again in a moment.', retryable: true };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A server that answers opens of the list as it is told, one after the other. */
function serverThat(...answers: ((ok: object) => unknown)[]) {
  const opens: string[] = [];
  const server = { opens, lists: [LIST], cut: () => {} };
  const snapshot = (scope: string, entities: object[]) => ({
    ...{ kind: 'snapshot', scope, seq: 7, aclEpoch: 1, logEpoch: 'a' },
    entities,
  });
  const transport: Transport = {
    connect(_url, _auth, events: TransportEvents) {
      server.cut = () => events.closed('cut');
      queueMicrotask(() => events.received('hello', {}));
      return {
        send(_event, data, answer) {
          const [{ scope }] = (data as { scopes: [{ scope: string }] }).scopes;
          opens.push(scope);
          const memberships = server.lists.map((list) => ({ type: 'membership', id: list.slice(5), value: {} }));
          if (scope !== LIST) return answer({ ok: true, data: { results: [snapshot(scope, memberships)] } });
          const how = answers.shift() ?? ((ok) => ok);
          answer(how({ ok: true, data: { results: [snapshot(scope, [])] } }));
        },
        close: () => undefined,
      };
    },
  };
  return { ...server, server, transport };
}

const enter = async (transport: Transport) => {
  const seat = new RawSeat({
    ...{ name: 'raw', userId: USER, token: 't', url: 'http://server', transport, random: new Random(1) },
    recorder: { note: () => undefined, flush: () => undefined, close: () => undefined },
  });
  await seat.start();
  await vi.advanceTimersByTimeAsync(2_000);
  return seat;
};

it.each([
  ['as a whole', () => ({ ok: false, error: UNAVAILABLE })],
  ['for this scope', () => ({ ok: true, data: { results: [{ kind: 'error', scope: LIST, error: UNAVAILABLE }] } })],
])('opens a list again that could not be read just now, told so %s', async (_how, refusal) => {
  const { transport, opens } = serverThat(refusal, refusal);
  const seat = await enter(transport);
  expect(opens.filter((scope) => scope === LIST)).toHaveLength(3);
  expect(seat.state().seqs).toMatchObject({ [LIST]: 7 });
  await seat.stop();
});

it('holds nothing of a list that it lost while it was away', async () => {
  const { transport, server } = serverThat();
  const seat = await enter(transport);
  expect(Object.keys(seat.state().seqs)).toEqual([`user:${USER}`, LIST]);
  server.lists = [];
  server.cut();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(seat.state()).toMatchObject({ connection: 'online' });
  expect(Object.keys(seat.state().seqs)).toEqual([`user:${USER}`]);
  await seat.stop();
});
