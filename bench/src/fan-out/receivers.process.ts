/**
 * Rooms of a thousand bare websockets, which count what they get and look into as little of it as they can: what they
 * spend, the servers cannot. They speak just enough Socket.IO to be let in.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { serve } from '../processes/serve.ts';
import { WireClient } from '../product/wire-client.ts';

const CHANGES = '42["scope:changes",';
const AT_ONCE = 20;
const ALL_HEARD_WITHIN_MS = 20_000;

interface Room {
  counts: Uint32Array;
  sockets: WebSocket[];
  /** What the first socket got, and where its list stands after it. */
  frames: string[];
  seq: number;
  onFrame: () => void;
}

const rooms = new Map<string, Room>();
let writer: WireClient;
let tasks: string[] = [];
let turn = 0;

interface JoinOptions {
  room: string;
  url: string;
  count: number;
  /** A plain websocket; Socket.IO; Socket.IO with a list to open. */
  kind: 'ws' | 'socket.io' | 'muster';
  tokens?: string[];
  listId?: string;
}

async function join(options: JoinOptions): Promise<void> {
  const room: Room = {
    ...{ counts: new Uint32Array(options.count), sockets: [], frames: [], seq: 0 },
    onFrame: () => undefined,
  };
  rooms.set(options.room, room);
  const indices = Array.from({ length: options.count }, (_, index) => index);
  while (indices.length > 0)
    await Promise.all(indices.splice(0, AT_ONCE).map((index) => connect(room, index, options)));
}

async function connect(room: Room, index: number, { url, kind, tokens = [], listId }: JoinOptions): Promise<void> {
  const path = kind === 'ws' ? '' : '/socket.io/?EIO=4&transport=websocket';
  const socket = new WebSocket(url.replace('http', 'ws') + path, { perMessageDeflate: false });
  room.sockets[index] = socket;
  socket.on('error', (error) => {
    throw error;
  });
  const isIn = kind === 'ws' ? once(socket, 'open') : handshake(socket, tokens[index % tokens.length], listId);
  await isIn;
  socket.on('message', (data: Buffer) => {
    if (data.length < 2) return socket.send('3');
    if (data.toString('latin1', 0, CHANGES.length) !== CHANGES) return;
    room.counts[index]! += 1;
    if (index === 0) look(room, data.toString());
    room.onFrame();
  });
  socket.on('close', () => {
    throw new Error('a receiver was disconnected');
  });
}

function look(room: Room, frame: string): void {
  room.frames.push(frame);
  room.seq = (JSON.parse(frame.slice(2)) as [string, { to: number }])[1].to;
}

/** Engine.IO's open, Socket.IO's connect and, where there is one, the list. */
function handshake(socket: WebSocket, token: string | undefined, listId: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onMessage = (data: Buffer) => {
      const text = data.toString();
      if (text.startsWith('0')) {
        socket.send(`40${JSON.stringify({ clientId: randomUUID(), protocol: 1, token: token ?? 'none' })}`);
      } else if (text.startsWith('44') || text.startsWith('430[{"ok":false')) {
        reject(new Error(`refused: ${text}`));
      } else if (text.startsWith('40') && listId !== undefined) {
        socket.send(`420${JSON.stringify(['scope:open', { scopes: [{ scope: `list:${listId}` }] }])}`);
      } else if (text.startsWith('40') || text.startsWith('430')) {
        socket.off('message', onMessage);
        resolve();
      }
    };
    socket.on('message', onMessage);
  });
}

/** The writer stands on another gateway than the room: what is measured there is delivery alone. */
async function prepareWriter(options: { url: string; token: string; listId: string }): Promise<void> {
  writer = await WireClient.connect(options.url, options.token);
  tasks = await writer.createTasks(options.listId, 20);
}

/** Writes at an even pace until everyone in the room has heard the last. @returns deliveries */
async function writeAndHear(options: { room: string; count: number; everyMs: number }): Promise<number> {
  const room = rooms.get(options.room)!;
  forget(options.room);
  let seq = Infinity;
  const heard = untilHeard(room, () => room.seq >= seq && room.counts.every((count) => count === room.counts[0]));
  const answers: Promise<Record<string, number>>[] = [];
  const began = performance.now();
  for (let index = 0; index < options.count; index++) {
    const wait = began + index * options.everyMs - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    turn += 1;
    const fields = { title: `Renamed in turn ${String(turn).padStart(6, '0')} of this measurement` };
    answers.push(writer.mutate('task.update', { id: tasks[turn % tasks.length], fields }));
  }
  const seqs = await Promise.all(answers);
  seq = Math.max(...seqs.flatMap((one) => Object.values(one)));
  room.onFrame();
  await heard;
  return room.counts[0]! * room.counts.length;
}

/** Everyone in the room got so many. @returns deliveries */
async function hear({ room: name, count }: { room: string; count: number }): Promise<number> {
  const room = rooms.get(name)!;
  await untilHeard(room, () => room.counts.every((heard) => heard === count));
  forget(name);
  return count * room.counts.length;
}

function untilHeard(room: Room, isHeard: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('deliveries did not come')), ALL_HEARD_WITHIN_MS);
    // Looked at once a turn of the event loop, and not with each of a thousand frames.
    let isLooking = false;
    room.onFrame = () => {
      if (isLooking) return;
      isLooking = true;
      setImmediate(() => {
        isLooking = false;
        if (!isHeard()) return;
        clearTimeout(timer);
        room.onFrame = () => undefined;
        resolve();
      });
    };
    room.onFrame();
  });
}

function forget(name: string): void {
  const room = rooms.get(name)!;
  room.counts.fill(0);
  room.frames = [];
}

/** The one of middle length: on a busy machine some changes travel together. */
function typicalFrame(name: string): string {
  const { frames } = rooms.get(name)!;
  return frames.toSorted((a, b) => a.length - b.length)[frames.length >> 1]!;
}

const calls = { join, prepareWriter, writeAndHear, hear, forget, typicalFrame };
export type ReceiversCalls = typeof calls;
serve(calls);
