/** Some of the clients, in a process of their own, which does what it is told over its channel. */
import { createMemoryDisk, type MemoryDisk } from '@muster/client/memory-storage';
import type { CommandArgs, CommandName } from '@muster/protocol/commands';
import type { Packet } from '@muster/protocol/change';
import type { ScopeId } from '@muster/protocol/id';
import { Random } from '../../sim/random.ts';
import type { Waiting } from '../../oracles/in-time.ts';
import type { CrowdCalls, Question, Reply } from './calls.ts';
import { compareSeat } from './compare-seat.ts';
import { PersonScript } from './person.ts';
import { RawSeat } from './raw-seat.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { Seat } from './seat.ts';

/** So that not all connect in the same millisecond. */
const SPREAD_MS = 20;

let recorder: Recorder | undefined;
let isActing = false;
const seats = new Map<string, Seat | RawSeat>();
const acts = new Map<string, () => void>();
const randoms = new Map<string, Random>();
let watched: { scope: ScopeId; seq: number | null; beats: Map<string, number> } | undefined;

function seatOf(name: string): Seat {
  const seat = seats.get(name);
  if (!(seat instanceof Seat)) throw new Error(`${name} has no client`);
  return seat;
}

const calls: CrowdCalls = {
  enter({ url, history, seed, seats: plans }) {
    const record = (recorder = createRecorder(history));
    const disks = new Map<string, MemoryDisk>();
    plans.forEach(({ name, browser, isRaw, userId, token }, index) => {
      const random = new Random(seed, name);
      const disk = disks.get(browser) ?? createMemoryDisk();
      disks.set(browser, disk);
      const common = { name, userId, token, url, recorder: record };
      const seat = isRaw ? new RawSeat({ ...common, random }) : new Seat({ ...common, disk });
      const script = seat instanceof Seat ? new PersonScript(seat, random) : seat;
      seats.set(name, seat);
      acts.set(name, () => script.act());
      randoms.set(name, random);
      setTimeout(() => void seat.start(), index * SPREAD_MS);
    });
  },
  act({ everyMs }) {
    isActing = true;
    for (const [name, act] of acts) {
      const random = randoms.get(name)!;
      const later = () =>
        setTimeout(
          () => {
            if (!isActing) return;
            act();
            later();
          },
          random.between(0, 2 * everyMs),
        );
      later();
    }
  },
  rest() {
    isActing = false;
  },
  mutate: ({ seat, name, args }) => seatOf(seat).mutate(name as CommandName, args as CommandArgs<CommandName>),
  reload: ({ seat, isCrash }) => void seats.get(seat)?.reload(isCrash),
  states() {
    // Whoever rests still looks: a conversation that was closed by a removal is opened again where they are back.
    for (const [name, seat] of seats) if (seat instanceof Seat) seat.tend((from) => randoms.get(name)!.pick(from));
    return [...seats.values()].map((seat) => seat.state());
  },
  reading: () =>
    [...seats.values()].flatMap((seat) =>
      seat instanceof Seat ? seat.reading().map((runId) => ({ userId: seat.userId, runId })) : [],
    ),
  async compare({ images, lists }) {
    const found = [];
    for (const seat of seats.values())
      if (seat instanceof Seat) found.push(...(await compareSeat(seat, images, lists)));
    return found;
  },
  await({ scope, seq, userId }) {
    const whose = [...seats.values()].filter(
      (seat) => (userId === undefined || seat.userId === userId) && (seat.state().seqs[scope] ?? -1) >= 0,
    );
    watched = { scope: scope as ScopeId, seq, beats: new Map(whose.map(({ name, beats }) => [name, beats])) };
  },
  waiting: () =>
    [...(watched?.beats ?? [])].map(([name, before]): Waiting => {
      const { scope, seq } = watched!;
      const seat = seats.get(name)!;
      const held = seat.state().seqs[scope] ?? -1;
      return { seat: name, scope, beats: seat.beats - before, hasCome: seq === null ? held < 0 : held >= seq };
    }),
  flush() {
    for (const seat of seats.values()) seat.settle();
    recorder?.flush();
  },
  plantDeafness({ seat, scope }) {
    const deaf = seatOf(seat);
    deaf.tamper = (event, data) => {
      const packet = data as Packet;
      if (event !== 'scope:changes' || packet.scope !== scope) return data;
      return { ...packet, changes: packet.changes.map((change) => ({ ...change, effects: [] })) };
    };
  },
  async leave() {
    isActing = false;
    await Promise.all([...seats.values()].map((seat) => seat.stop()));
    recorder?.close();
  },
};

async function answer({ id, name, argument }: Question): Promise<void> {
  let reply: Reply;
  try {
    reply = { id, value: await calls[name](argument as never) };
  } catch (error) {
    reply = { id, fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  process.send?.(reply);
}

process.on('message', (message) => void answer(message as Question));
process.on('disconnect', () => process.exit(0));
process.send?.({ type: 'ready' });
