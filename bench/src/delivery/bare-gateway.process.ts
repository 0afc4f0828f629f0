/**
 * The least that could pass a change on: a Socket.IO server that publishes what it hears to Redis and sends what it hears
 * from there to its room. Nothing is stored, checked or put into order: the floor that this machine and its clients set.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';
import { serve } from '../processes/serve.ts';

type Ack = (answer: unknown) => void;
interface Mutation {
  mid: number;
  args: { id: string; fields?: object };
}

const [redisUrl, channel] = [process.env['REDIS_URL']!, process.env['CHANNEL']!];
const publisher = new Redis(redisUrl);
const subscriber = new Redis(redisUrl);
const http = createServer();
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false, serveClient: false });
let seq = 0;

await subscriber.subscribe(channel);
subscriber.on('message', (_channel, json: string) => io.local.to('room').emit('scope:changes', JSON.parse(json)));
io.on('connection', (socket) => {
  const { clientId } = socket.handshake.auth as { clientId: string };
  socket.on('scope:open', ({ scopes: [{ scope }] }: { scopes: [{ scope: string }] }, ack: Ack) => {
    void socket.join('room');
    ack({ ok: true, data: { results: [{ scope, kind: 'snapshot', entities: [] }], profiles: {} } });
  });
  socket.on('mutate', ({ mid, args }: Mutation, ack: Ack) => {
    seq += 1;
    void publisher.publish(channel, JSON.stringify(packetOf(clientId, mid, args)));
    ack({ ok: true, data: { status: 'applied', seqs: {} } });
  });
});
await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));

/** Of the size and shape of ours. */
function packetOf(clientId: string, mid: number, { id, fields = {} }: Mutation['args']) {
  const actor = { id: clientId, kind: 'person' };
  const effects = [{ op: 'patch', type: 'task', id, fields }];
  const change = { seq, at: Date.now(), txnId: randomUUID(), actor, clientId, mid, effects };
  return { scope: `list:${id}`, from: seq, to: seq, changes: [change], aclEpoch: 1, logEpoch: randomUUID() };
}

const calls = { url: () => `http://127.0.0.1:${(http.address() as AddressInfo).port}` };
export type BareGatewayCalls = typeof calls;
serve(calls);
