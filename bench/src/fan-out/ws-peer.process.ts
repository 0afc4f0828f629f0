/** Raw `ws`: one frame, built once, written to every socket. */
import type { AddressInfo } from 'node:net';
import * as ws from 'ws';
import { cpuMicros, serve } from '../processes/serve.ts';
import { sendPaced, type Paced } from './send-paced.ts';

const server = new ws.WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
await new Promise((resolve) => server.once('listening', resolve));

/** Untyped in ws, and what Socket.IO itself uses for its prebuilt frames. */
interface Sending {
  _sender: { sendFrame(list: Buffer[]): void };
}
const { Sender } = ws as unknown as { Sender: { frame(data: Buffer, options: object): Buffer[] } };

function send({ text, ...pace }: Paced & { text: string }): Promise<number> {
  const data = Buffer.from(text);
  const frame = [
    Buffer.concat(Sender.frame(data, { fin: true, opcode: 1, mask: false, rsv1: false, readOnly: false })),
  ];
  return sendPaced(pace, () => {
    for (const socket of server.clients as Set<ws.WebSocket & Sending>) socket._sender.sendFrame(frame);
  });
}

const calls = { url: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`, cpuMicros, send };
export type FanOutPeerCalls = typeof calls;
serve(calls);
