import { medianOf } from '../commit/figures.ts';
import { interleave, pairsOf } from '../interleave.ts';
import type { MeasureContext } from '../measure-context.ts';
import { MeasuringProcess } from '../processes/measuring-process.ts';
import { Product, type Person } from '../product/product.ts';
import type { Result, Row } from '../report/row.ts';
import { show } from '../statistics.ts';
import type { ReceiversCalls } from './receivers.process.ts';
import type { FanOutPeerCalls } from './ws-peer.process.ts';

const ROOM = 1_000;
const PEOPLE = 10;
const EVERY_MS = 30;
const GOAL = 2;

/**
 * What a delivery to a room of 1,000 costs the gateway, from the packet out of Redis to the last socket, against servers
 * that send the same bytes to as many. The changes are written on the other gateway.
 */
export async function measureFanOut({ stores, isQuick, say }: MeasureContext): Promise<Result> {
  const [rounds, count] = isQuick ? [2, 20] : [8, 60];
  const owned: { stop(): Promise<void> }[] = [];
  const own = <T extends { stop(): Promise<void> }>(one: T): T => (owned.push(one), one);
  try {
    const product = own(await Product.start(stores, 'fan_out'));
    const [writing, serving] = product.gateways as [Product['gateways'][0], Product['gateways'][0]];
    const people: Person[] = [];
    for (let index = 0; index < PEOPLE; index++) people.push(await product.signUp());
    const listId = await product.createList(people);
    const tokens = people.map(({ token }) => token);
    const ws = own(await MeasuringProcess.start<FanOutPeerCalls>('fan-out/ws-peer.process.ts'));
    const bare = own(await MeasuringProcess.start<FanOutPeerCalls>('fan-out/socket-io-peer.process.ts'));
    const receivers = own(await MeasuringProcess.start<ReceiversCalls>('fan-out/receivers.process.ts'));
    say(`connecting three rooms of ${ROOM}`);
    await receivers.call('join', { room: 'ours', url: serving.url, count: ROOM, kind: 'muster', tokens, listId });
    await receivers.call('join', { room: 'ws', url: await ws.call('url'), count: ROOM, kind: 'ws' });
    await receivers.call('join', { room: 'bare', url: await bare.call('url'), count: ROOM, kind: 'socket.io' });
    await receivers.call('prepareWriter', { url: writing.url, token: tokens[0]!, listId });

    const ours = () =>
      costOf(serving.process, () => receivers.call('writeAndHear', { room: 'ours', count, everyMs: EVERY_MS }));
    await ours();
    const text = await receivers.call('typicalFrame', 'ours');
    const peer = (room: string, process: MeasuringProcess<FanOutPeerCalls>) => () =>
      costOf(process, async () => {
        await receivers.call('forget', room);
        await process.call('send', { text, count, everyMs: EVERY_MS });
        return receivers.call('hear', { room, count });
      });
    const contestants = { ours, ws: peer('ws', ws), bare: peer('bare', bare) };
    say('warming up');
    await interleave(1, contestants);
    const costs = await interleave(rounds, contestants, (round) => say(`round ${round} of ${rounds}`));
    const bytes = Buffer.byteLength(text);
    return {
      rows: [rowOf('raw ws', costs.ours, costs.ws, GOAL), rowOf('a bare Socket.IO server', costs.ours, costs.bare)],
      notes: [
        `A frame of ${bytes} bytes, ${Math.round(1_000 / EVERY_MS)} a second. The bare Socket.IO server itself costs ` +
          `${ratioOf(costs.bare, costs.ws).toFixed(2)} × raw ws.`,
      ],
    };
  } finally {
    await Promise.all(owned.map((one) => one.stop()));
  }
}

/** Microseconds of the serving process's CPU for each delivery. */
async function costOf(
  server: Pick<MeasuringProcess<{ cpuMicros: () => number }>, 'call'>,
  deliver: () => Promise<number>,
): Promise<number> {
  const before = await server.call('cpuMicros');
  const deliveries = await deliver();
  return ((await server.call('cpuMicros')) - before) / deliveries;
}

const ratioOf = (ours: number[], peers: number[]): number =>
  medianOf(pairsOf(ours, peers, (cost) => cost).map((pair) => pair.ours / pair.peer));

function rowOf(peer: string, ours: number[], peers: number[], atMost?: number): Row {
  const ratio = ratioOf(ours, peers);
  return {
    name: `CPU of a delivery to a room of ${ROOM.toLocaleString('en-US')}, against ${peer}`,
    measured: show(medianOf(ours), 'µs'),
    against: show(medianOf(peers), 'µs'),
    ratio,
    ...(atMost === undefined ? {} : { goal: `at most ${atMost} ×`, isMet: ratio <= atMost }),
  };
}
