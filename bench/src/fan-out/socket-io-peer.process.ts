/** A bare Socket.IO server that sends the same bytes to a room. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { cpuMicros, serve } from '../processes/serve.ts';
import { sendPaced, type Paced } from './send-paced.ts';

const http = createServer();
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false, serveClient: false });
io.on('connection', (socket) => void socket.join('room'));
await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));

function send({ text, ...pace }: Paced & { text: string }): Promise<number> {
  const [event, data] = JSON.parse(text.slice(2)) as [string, unknown];
  return sendPaced(pace, () => io.local.to('room').emit(event, data));
}

const calls = { url: () => `http://127.0.0.1:${(http.address() as AddressInfo).port}`, cpuMicros, send };
serve(calls);
