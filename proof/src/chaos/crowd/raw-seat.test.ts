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
function serverThat(...answers: ((ok: object) => unknown)[]): { transport: Transport; opens: string[] } {
  const opens: string[] = [];
  const snapshot = (scope: string, entities: object[]) => ({
    ...{ kind: 'snapshot', scope, seq: 7, aclEpoch: 1, logEpoch: 'a' },
    entities,
  });
  const transport: Transport = {
    connect(_url, _auth, events: TransportEvents) {
      queueMicrotask(() => events.received('hello', {}));
      return {
        send(_event, data, answer) {
          const [{ scope }] = (data as { scopes: [{ scope: string }] }).scopes;
          opens.push(scope);
          if (scope !== LIST)
            return answer({
              ok: true,
              data: { results: [snapshot(scope, [{ type: 'membership', id: LIST.slice(5), value: {} }])] },
            });
          const how = answers.shift() ?? ((ok) => ok);
          answer(how({ ok: true, data: { results: [snapshot(scope, [])] } }));
        },
        close: () => undefined,
      };
    },
  };
  return { transport, opens };
}

it.each([
  ['as a whole', () => ({ ok: false, error: UNAVAILABLE })],
  ['for this scope', () => ({ ok: true, data: { results: [{ kind: 'error', scope: LIST, error: UNAVAILABLE }] } })],
])('opens a list again that could not be read just now, told so %s', async (_how, refusal) => {
  const { transport, opens } = serverThat(refusal, refusal);
  const seat = new RawSeat({
    ...{ name: 'raw', userId: USER, token: 't', url: 'http://server', transport, random: new Random(1) },
    recorder: { note: () => undefined, flush: () => undefined, close: () => undefined },
  });
  await seat.start();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(opens.filter((scope) => scope === LIST)).toHaveLength(3);
  expect(seat.state().seqs).toMatchObject({ [LIST]: 7 });
  await seat.stop();
});
