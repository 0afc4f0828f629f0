/** The people of the measurement: sockets in one room, some of which write. Their clock is one, so times can be compared. */
import { setTimeout as delay } from 'node:timers/promises';
import { serve } from '../processes/serve.ts';
import { WireClient } from '../product/wire-client.ts';
import { latencyOf, type Latency } from '../statistics.ts';

const WRITERS = 10;
const TASKS = 20;
const ALL_HEARD_WITHIN_MS = 15_000;

interface Sent {
  at: number;
  gateway: number;
}

const clients: WireClient[] = [];
const sent = new Map<string, Sent>();
let tookMs: number[] = [];
let expected = 0;
let onAllHeard: () => void = () => undefined;
let listId = '';
let taskIds: string[] = [];
let turn = 0;

/** Clients take turns on the gateways, and so do the writers among them. */
async function join(options: { urls: string[]; tokens: string[]; listId: string; count: number }): Promise<void> {
  const { urls, tokens, count } = options;
  ({ listId } = options);
  for (let index = 0; index < count; index++) {
    const gateway = index % urls.length;
    const token = tokens[Math.floor(index / urls.length) % tokens.length]!;
    const client = await WireClient.connect(urls[gateway]!, token);
    client.onChanges(({ changes }) => {
      const now = performance.now();
      for (const { clientId, mid } of changes) {
        const source = sent.get(`${clientId}:${mid}`);
        if (source === undefined || source.gateway === gateway) continue;
        tookMs.push(now - source.at);
        if (tookMs.length === expected) onAllHeard();
      }
    });
    await client.open(listId);
    clients.push(client);
  }
  taskIds = await clients[0]!.createTasks(listId, TASKS);
}

/**
 * Writes at an even pace, whatever the answers do, and waits until everyone on the other gateway has heard.
 * @throws where a change does not arrive
 */
async function slice({ seconds, perSecond }: { seconds: number; perSecond: number }): Promise<Latency> {
  const count = Math.round(seconds * perSecond);
  sent.clear();
  tookMs = [];
  expected = (count * clients.length) / 2;
  const allHeard = new Promise<void>((resolve) => (onAllHeard = resolve));
  const answers: Promise<unknown>[] = [];
  const began = performance.now();
  for (let index = 0; index < count; index++) {
    const wait = began + (index * 1_000) / perSecond - performance.now();
    if (wait > 0) await delay(wait);
    answers.push(write());
  }
  await Promise.all(answers);
  await Promise.race([allHeard, delay(ALL_HEARD_WITHIN_MS, undefined, { ref: false })]);
  if (tookMs.length !== expected) throw new Error(`${expected - tookMs.length} of ${expected} deliveries did not come`);
  return latencyOf(tookMs);
}

function write(): Promise<unknown> {
  turn += 1;
  const index = turn % WRITERS;
  const client = clients[index]!;
  sent.set(`${client.clientId}:${client.nextMid}`, { at: performance.now(), gateway: index % 2 });
  const id = taskIds[turn % taskIds.length];
  return client.mutate('task.update', { id, fields: { title: `Renamed in turn ${turn} of this measurement` } });
}

const calls = { join, slice };
export type ClientsCalls = typeof calls;
serve(calls);
