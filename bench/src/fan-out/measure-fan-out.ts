import { medianOf } from '../commit/figures.ts';
import { interleave, pairsOf } from '../interleave.ts';
import type { MeasureContext } from '../measure-context.ts';
import { MeasuringProcess } from '../processes/measuring-process.ts';
import { Product, type GatewayUnderTest, type Person } from '../product/product.ts';
import type { Result, Row } from '../report/row.ts';
import { show } from '../statistics.ts';
import type { ReceiversCalls } from './receivers.process.ts';
import type { FanOutPeerCalls } from './ws-peer.process.ts';

const SOCKETS = 1_000;
const SMALL = 10;
const SMALL_ROOMS = SOCKETS / SMALL;
const PEOPLE = 4;
const AT_ONCE = 10;
const BURST = { changes: 10, withinMs: 20 };

/**
 * What a delivery costs the gateways, from the packet out of Redis to the last socket, against servers that send the
 * same bytes to as many. The changes are written on a gateway that has no readers.
 */
export async function measureFanOut({ stores, isQuick, say }: MeasureContext): Promise<Result> {
  const rounds = isQuick ? 2 : 8;
  // Some 1.2 s a slice.
  const large = { count: isQuick ? 15 : 40, everyMs: 30 };
  const small = { count: SMALL_ROOMS * (isQuick ? 1 : 4), everyMs: 3 };
  const bursts = { count: isQuick ? 10 : 20, everyMs: 60 };
  const owned: { stop(): Promise<void> }[] = [];
  const own = <T extends { stop(): Promise<void> }>(one: T): T => (owned.push(one), one);
  try {
    const product = own(await Product.start(stores, 'fan_out', { gateways: 3 }));
    const [writing, one, two] = product.gateways as [GatewayUnderTest, GatewayUnderTest, GatewayUnderTest];
    const people: Person[] = [];
    for (let index = 0; index < PEOPLE; index++) people.push(await product.signUp());
    const tokens = people.map(({ token }) => token);
    const ws = own(await MeasuringProcess.start<FanOutPeerCalls>('fan-out/ws-peer.process.ts'));
    const bare = own(await MeasuringProcess.start<FanOutPeerCalls>('fan-out/socket-io-peer.process.ts'));
    const receivers = own(await MeasuringProcess.start<ReceiversCalls>('fan-out/receivers.process.ts'));
    say(`connecting ${SOCKETS} sockets to each server`);
    await receivers.call('connect', { group: 'one', url: one.url, count: SOCKETS, tokens });
    await receivers.call('connect', { group: 'two', url: two.url, count: SOCKETS / 2, tokens });
    await receivers.call('connect', { group: 'ws', url: await ws.call('url'), count: SOCKETS, isPlain: true });
    await receivers.call('connect', { group: 'bare', url: await bare.call('url'), count: SOCKETS });

    const onOne = [{ name: 'one', count: SOCKETS }];
    const onBoth = ['one', 'two'].map((name) => ({ name, count: SOCKETS / 2 }));
    const makeRooms = async (count: number, groups: typeof onOne): Promise<string[]> => {
      const listIds: string[] = [];
      while (listIds.length < count) {
        const next = Array.from({ length: Math.min(AT_ONCE, count) }, () => product.createList(people));
        listIds.push(...(await Promise.all(next)));
      }
      await receivers.call('prepareWriter', {
        url: writing.url,
        token: tokens[0]!,
        listIds,
        tasks: count === 1 ? 20 : 4,
      });
      for (const { name, count: readers } of groups) {
        await receivers.call('open', { group: name, count: readers, listIds });
      }
      return listIds;
    };
    say(`opening rooms of ${SOCKETS} and of ${SMALL}`);
    const room = await makeRooms(1, onOne);
    const sharedRoom = await makeRooms(1, onBoth);
    const smallRooms = await makeRooms(SMALL_ROOMS, onOne);
    const sharedSmallRooms = await makeRooms(SMALL_ROOMS, onBoth);

    type Write = Parameters<ReceiversCalls['write']>[0];
    const ours = (gateways: GatewayUnderTest[], options: Write) => () =>
      costOf(
        gateways.map(({ process }) => process),
        () => receivers.call('write', options),
      );
    await ours([one], { listIds: room, ...large })();
    const text = await receivers.call('typicalFrame');
    const peer = (group: string, process: MeasuringProcess<FanOutPeerCalls>, rooms: number) => {
      const pace = rooms === 1 ? large : small;
      return () =>
        costOf([process], async () => {
          await receivers.call('forget');
          await process.call('send', { text, rooms, ...pace });
          return receivers.call('hear', { group, each: pace.count / rooms });
        });
    };
    const contestants = {
      one: ours([one], { listIds: room, ...large }),
      ws: peer('ws', ws, 1),
      both: ours([one, two], { listIds: sharedRoom, ...large }),
      bare: peer('bare', bare, 1),
      smallOne: ours([one], { listIds: smallRooms, ...small }),
      smallWs: peer('ws', ws, SMALL_ROOMS),
      smallBoth: ours([one, two], { listIds: sharedSmallRooms, ...small }),
      smallBare: peer('bare', bare, SMALL_ROOMS),
      single: ours([one], { listIds: room, ...bursts }),
      burst: ours([one], { listIds: room, ...bursts, burst: BURST }),
    };
    say('warming up');
    await interleave(1, contestants);
    const slices = await interleave(rounds, contestants, (round) => say(`round ${round} of ${rounds}`));
    const a = <N extends keyof typeof slices>(name: N) =>
      slices[name].map(({ micros, deliveries }) => micros / deliveries);
    const perTurn = (name: 'single' | 'burst') => slices[name].map(({ micros }) => micros / bursts.count / 1_000);
    const inLarge = `CPU of a delivery in a room of ${SOCKETS.toLocaleString('en-US')}`;
    const inSmall = `CPU of a delivery in rooms of ${SMALL}`;
    const packets = (name: 'single' | 'burst') =>
      medianOf(slices[name].map(({ deliveries }) => deliveries / SOCKETS / bursts.count));
    return {
      rows: [
        rowOf(`${inLarge}, against raw ws`, a('one'), a('ws'), 'µs', 1.35),
        rowOf(`the same, half of the room on each of two gateways`, a('both'), a('ws'), 'µs', 1.4),
        rowOf(`${inLarge}, against a bare Socket.IO server`, a('one'), a('bare'), 'µs'),
        rowOf(`${inSmall}, against raw ws`, a('smallOne'), a('smallWs'), 'µs', 3),
        rowOf(`the same, half of each room on each of two gateways`, a('smallBoth'), a('smallWs'), 'µs'),
        rowOf(`${inSmall}, against a bare Socket.IO server`, a('smallOne'), a('smallBare'), 'µs'),
        rowOf(
          `CPU of ${BURST.changes} changes within ${BURST.withinMs} ms, against that of one`,
          ...([perTurn('burst'), perTurn('single'), 'ms', 2] as const),
        ),
      ],
      notes: [
        `A frame of ${Buffer.byteLength(text)} bytes; ${Math.round(1_000 / large.everyMs)} changes a second in the large ` +
          `room, ${Math.round(1_000 / small.everyMs)} in the ${SMALL_ROOMS} small ones together. The bare Socket.IO server ` +
          `itself costs ${ratioOf(a('bare'), a('ws')).toFixed(2)} × raw ws in the large room and ` +
          `${ratioOf(a('smallBare'), a('smallWs')).toFixed(2)} × in the small ones.`,
        `Ten changes within 20 ms reach everyone in the room of 1,000 as ${packets('burst').toFixed(1)} packets, one as ` +
          `${packets('single').toFixed(1)}.`,
      ],
    };
  } finally {
    await Promise.all(owned.map((one) => one.stop()));
  }
}

interface Cost {
  micros: number;
  deliveries: number;
}

/** The CPU that the serving processes use meanwhile, all together. */
async function costOf(
  servers: Pick<MeasuringProcess<{ cpuMicros: () => number }>, 'call'>[],
  deliver: () => Promise<number>,
): Promise<Cost> {
  const used = async () => (await Promise.all(servers.map((one) => one.call('cpuMicros')))).reduce((a, b) => a + b, 0);
  const before = await used();
  const deliveries = await deliver();
  return { micros: (await used()) - before, deliveries };
}

const ratioOf = (ours: number[], peers: number[]): number =>
  medianOf(pairsOf(ours, peers, (cost) => cost).map((pair) => pair.ours / pair.peer));

function rowOf(name: string, ours: number[], peers: number[], unit: string, atMost?: number): Row {
  const ratio = ratioOf(ours, peers);
  return {
    name,
    measured: show(medianOf(ours), unit),
    against: show(medianOf(peers), unit),
    ratio,
    ...(atMost === undefined ? {} : { goal: `at most ${atMost} ×`, isMet: ratio <= atMost }),
  };
}
