/** Raw `ws`: one frame, built once, written to every socket of a room. */
import type { AddressInfo } from 'node:net';
import * as ws from 'ws';
import { cpuMicros, serve } from '../processes/serve.ts';
import { sendPaced, type RoundOfRooms } from './send-paced.ts';

const server = new ws.WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
await new Promise((resolve) => server.once('listening', resolve));

/** Untyped in ws, and what Socket.IO itself uses for its prebuilt frames. */
interface Sending {
  _sender: { sendFrame(list: Buffer[]): void };
}
const { Sender } = ws as unknown as { Sender: { frame(data: Buffer, options: object): Buffer[] } };

function send({ text, rooms, ...pace }: RoundOfRooms): Promise<void> {
  const data = Buffer.from(text);
  const frame = [
    Buffer.concat(Sender.frame(data, { fin: true, opcode: 1, mask: false, rsv1: false, readOnly: false })),
  ];
  const members = Array.from({ length: rooms }, () => new Set<ws.WebSocket & Sending>());
  [...(server.clients as Set<ws.WebSocket & Sending>)].forEach((socket, index) => members[index % rooms]!.add(socket));
  return sendPaced(pace, (turn) => {
    for (const socket of members[turn % rooms]!) socket._sender.sendFrame(frame);
  });
}

const calls = { url: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`, cpuMicros, send };
export type FanOutPeerCalls = typeof calls;
serve(calls);
