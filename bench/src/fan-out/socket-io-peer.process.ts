/** A bare Socket.IO server that sends the same bytes to a room. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { cpuMicros, memoryBytes, serve } from '../processes/serve.ts';
import { sendPaced, type RoundOfRooms } from './send-paced.ts';

const http = createServer();
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false, serveClient: false });
await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));

/** Everyone is in a room of each division that was asked for so far, as people have several lists open. */
const nameOf = (rooms: number, room: number): string => `${room} of ${rooms}`;
const divisions = new Set<number>();
function divide(rooms: number): void {
  if (divisions.has(rooms)) return;
  divisions.add(rooms);
  [...io.sockets.sockets.values()].forEach((socket, index) => void socket.join(nameOf(rooms, index % rooms)));
}

function send({ text, rooms, ...pace }: RoundOfRooms): Promise<void> {
  divide(rooms);
  const [event, data] = JSON.parse(text.slice(2)) as [string, unknown];
  return sendPaced(pace, (turn) => io.local.to(nameOf(rooms, turn % rooms)).emit(event, data));
}

const calls = { url: () => `http://127.0.0.1:${(http.address() as AddressInfo).port}`, cpuMicros, memoryBytes, send };
export type SocketIoPeerCalls = typeof calls;
serve(calls);
