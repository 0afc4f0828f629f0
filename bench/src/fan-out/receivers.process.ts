/**
 * Thousands of bare websockets, which count what they get and look into as little of it as they can: what they spend,
 * the servers cannot.
 */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { serve } from '../processes/serve.ts';
import { askToOpen, enterBare } from '../product/bare-socket.ts';
import { WireClient } from '../product/wire-client.ts';

const CHANGES = '42["scope:changes",';
const AT_ONCE = 20;
const ALL_HEARD_WITHIN_MS = 60_000;

interface Receiver {
  socket: WebSocket;
  /** What it got since the slice began. */
  count: number;
  /** Of which lists it reads where they stand, for those who hear them from the same gateway. */
  leads: Map<string, Part>;
  onAnswer: () => void;
}
/** Who has a list open on one gateway: they get the same packets, others may get the same changes in fewer. */
interface Part {
  members: Receiver[];
  /** Where the first member stands; the others are held against it. */
  seq: number;
}
interface List {
  parts: Part[];
  tasks: string[];
}

const groups = new Map<string, Receiver[]>();
const lists = new Map<string, List>();
let frames: string[] = [];
let onFrame = (): void => undefined;
let writer: WireClient | undefined;
let turn = 0;

/** Plain websockets; or Socket.IO's, with tokens where the server wants them. */
async function connect(options: {
  group: string;
  url: string;
  count: number;
  isPlain?: boolean;
  tokens?: string[];
}): Promise<void> {
  const { url, isPlain = false, tokens = ['none'] } = options;
  const receivers: Receiver[] = [];
  groups.set(options.group, receivers);
  await eachOf(Array.from({ length: options.count }).keys(), async (index) => {
    const hear = (frame: Buffer) => hearOne(receiver, frame);
    const socket = await (isPlain ? enterPlain(url, hear) : enterSocketIo(url, tokens[index % tokens.length]!, hear));
    const receiver: Receiver = { socket, count: 0, leads: new Map(), onAnswer: () => undefined };
    receivers[index] = receiver;
    socket.on('close', onLost);
  });
}

async function enterPlain(url: string, hear: (frame: Buffer) => void): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'), { perMessageDeflate: false });
  socket.on('error', (error) => {
    throw error;
  });
  await once(socket, 'open');
  return socket.on('message', hear);
}

async function enterSocketIo(url: string, token: string, hear: (frame: Buffer) => void): Promise<WebSocket> {
  const bare = await enterBare(url, token);
  bare.onFrame = hear;
  return bare.socket;
}

function onLost(): never {
  throw new Error('a receiver was disconnected');
}

/** The sockets of a group go, and it may be connected anew. */
async function disconnect({ group }: { group: string }): Promise<void> {
  const closed = groups.get(group)!.map(({ socket }) => {
    socket.off('close', onLost).terminate();
    return once(socket, 'close');
  });
  groups.delete(group);
  await Promise.all(closed);
}

function hearOne(receiver: Receiver, data: Buffer): void {
  const start = data.toString('latin1', 0, CHANGES.length);
  if (start !== CHANGES) {
    if (!start.startsWith('43')) return;
    const text = data.toString();
    if (!text.startsWith('430[{"ok":true')) throw new Error(`refused: ${text}`);
    return receiver.onAnswer();
  }
  receiver.count += 1;
  if (receiver.leads.size > 0) look(receiver, data.toString());
  onFrame();
}

function look({ leads }: Receiver, frame: string): void {
  frames.push(frame);
  const [, { scope, to }] = JSON.parse(frame.slice(2)) as [string, { scope: string; to: number }];
  const part = leads.get(scope.slice('list:'.length));
  if (part !== undefined) part.seq = to;
}

/** Each socket of a group opens one of the lists: the first the first, and round. */
async function open(options: { group: string; count: number; listIds: string[] }): Promise<void> {
  const { group, count, listIds } = options;
  const receivers = groups.get(group)!.slice(0, count);
  const parts = listIds.map((listId) => {
    const part: Part = { members: [], seq: 0 };
    lists.get(listId)!.parts.push(part);
    return part;
  });
  await eachOf(receivers.keys(), async (index) => {
    const receiver = receivers[index]!;
    const listId = listIds[index % listIds.length]!;
    const part = parts[index % listIds.length]!;
    if (part.members.length === 0) receiver.leads.set(listId, part);
    part.members.push(receiver);
    const answered = new Promise<void>((resolve) => (receiver.onAnswer = resolve));
    askToOpen(receiver.socket, [{ scope: `list:${listId}` }]);
    await answered;
  });
}

/** The writer stands on another gateway than the rooms: what is measured there is delivery alone. */
async function prepareWriter(options: { url: string; token: string; listIds: string[]; tasks: number }): Promise<void> {
  writer ??= await WireClient.connect(options.url, options.token);
  for (const listId of options.listIds) {
    lists.set(listId, { parts: [], tasks: await writer.createTasks(listId, options.tasks) });
  }
}

/**
 * Writes at an even pace, list by list, until everyone in the rooms has heard the last: single changes, or so many within
 * so long.
 * @returns deliveries
 */
async function write(options: {
  listIds: string[];
  count: number;
  everyMs: number;
  burst?: { changes: number; withinMs: number };
}): Promise<number> {
  const { count, everyMs, burst = { changes: 1, withinMs: 0 } } = options;
  const rooms = options.listIds.map((listId) => lists.get(listId)!);
  forget();
  const parts = rooms.flatMap((room) => room.parts.map((part) => ({ room, part })));
  for (const { part } of parts) part.seq = 0;
  const wanted = new Map(rooms.map((room) => [room, Infinity]));
  const isHeard = ({ room, part: { seq, members } }: (typeof parts)[0]) =>
    seq >= wanted.get(room)! && members.every(({ count: got }) => got === members[0]!.count);
  const heard = untilHeard(() => parts.every(isHeard));
  const answers: { room: List; seqs: Promise<Record<string, number>> }[] = [];
  const began = performance.now();
  for (let index = 0; index < count * burst.changes; index++) {
    const step = Math.floor(index / burst.changes);
    const at = step * everyMs + ((index % burst.changes) * burst.withinMs) / burst.changes;
    const wait = began + at - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    turn += 1;
    const room = rooms[step % rooms.length]!;
    const fields = { title: `Renamed in turn ${String(turn).padStart(6, '0')} of this measurement` };
    answers.push({ room, seqs: writer!.mutate('task.update', { id: room.tasks[turn % room.tasks.length], fields }) });
  }
  const last = new Map<List, number>(rooms.map((room) => [room, 0]));
  for (const { room, seqs } of answers) {
    last.set(room, Math.max(last.get(room)!, ...Object.values(await seqs)));
  }
  for (const [room, seq] of last) wanted.set(room, seq);
  onFrame();
  await heard;
  return parts.flatMap(({ part }) => part.members).reduce((sum, { count: got }) => sum + got, 0);
}

/** Every socket of the group got so many. @returns deliveries */
async function hear({ group, each }: { group: string; each: number }): Promise<number> {
  const receivers = groups.get(group)!;
  await untilHeard(() => receivers.every(({ count }) => count === each));
  return each * receivers.length;
}

function untilHeard(isHeard: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('deliveries did not come')), ALL_HEARD_WITHIN_MS);
    // Looked at once a turn of the event loop, and not with each of a thousand frames.
    let isLooking = false;
    onFrame = () => {
      if (isLooking) return;
      isLooking = true;
      setImmediate(() => {
        isLooking = false;
        if (!isHeard()) return;
        clearTimeout(timer);
        onFrame = () => undefined;
        resolve();
      });
    };
    onFrame();
  });
}

function forget(): void {
  for (const receivers of groups.values()) for (const receiver of receivers) receiver.count = 0;
  frames = [];
}

/** The one of middle length: on a busy machine some changes travel together. */
function typicalFrame(): string {
  return frames.toSorted((a, b) => a.length - b.length)[frames.length >> 1]!;
}

async function eachOf(indices: Iterable<number>, work: (index: number) => Promise<void>): Promise<void> {
  const left = [...indices];
  while (left.length > 0) await Promise.all(left.splice(0, AT_ONCE).map(work));
}

const calls = { connect, disconnect, open, prepareWriter, write, hear, forget, typicalFrame };
export type ReceiversCalls = typeof calls;
serve(calls);
