/** Clients that were cut off and come back all at once, with the positions that they hold: bare websockets. */
import type { ScopeResult } from '@muster/protocol/client-events';
import { v7 } from 'uuid';
import type { WebSocket } from 'ws';
import { serve } from '../processes/serve.ts';
import { askToOpen, enterBare } from '../product/bare-socket.ts';
import { WireClient } from '../product/wire-client.ts';

const AT_ONCE = 20;
const ANSWER_WITHIN_MS = 60_000;

interface Position {
  scope: string;
  after: { seq: number; logEpoch: string };
}
interface Someone {
  token: string;
  positions: Position[];
  sharedList: string;
}

let urls: string[] = [];
let people: Someone[] = [];

interface PrepareOptions {
  urls: string[];
  tokens: string[];
  lists: { id: string; secret: string }[];
}

/** Everyone makes a list, joins one, and reads where all that they follow stands. */
async function prepare(options: PrepareOptions): Promise<void> {
  urls = options.urls;
  const waiting = options.tokens.map((token, index) => ({ token, list: options.lists[index % options.lists.length]! }));
  people = [];
  while (waiting.length > 0) {
    people.push(...(await Promise.all(waiting.splice(0, AT_ONCE).map(({ token, list }) => enter(token, list)))));
  }
}

async function enter(token: string, { id: sharedList, secret }: { id: string; secret: string }): Promise<Someone> {
  const response = await fetch(`${urls[0]!}/api/v1/links/accept`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ secret }),
  });
  if (!response.ok) throw new Error(`a link was not accepted: ${response.status} ${await response.text()}`);
  const client = await WireClient.connect(urls[0]!, token);
  const ownList = v7();
  const seqs = await client.mutate('list.create', { id: ownList, title: 'My own' });
  await client.createTasks(ownList, 5);
  const own = Object.keys(seqs).find((scope) => scope.startsWith('user:'))!;
  const scopes = [own, `list:${ownList}`, `list:${sharedList}`].map((scope) => ({ scope }));
  const { results } = await client.ask('scope:open', { scopes });
  client.close();
  const positions = results.map((result): Position => {
    if (result.kind !== 'snapshot') throw new Error(`${result.scope} came as ${result.kind}`);
    return { scope: result.scope, after: { seq: result.seq, logEpoch: result.logEpoch } };
  });
  return { token, positions, sharedList };
}

/** Changes in the shared lists, while nobody is there. */
async function miss(options: { token: string; lists: string[]; changes: number }): Promise<void> {
  const writer = await WireClient.connect(urls[0]!, options.token);
  const seqs = new Map<string, number>();
  for (const list of options.lists) {
    const before = await headOf(writer, list);
    await writer.createTasks(list, options.changes);
    seqs.set(`list:${list}`, before);
  }
  writer.close();
  for (const { positions } of people) {
    for (const { scope, after } of positions) after.seq = seqs.get(scope) ?? after.seq;
  }
}

async function headOf(client: WireClient, list: string): Promise<number> {
  const result = await client.ask('scope:pull', { scope: `list:${list}` });
  return result.kind === 'snapshot' ? result.seq : 0;
}

/** @throws where one is refused, or is answered anything but what it missed */
async function storm(options: { clients: number; missed: number }): Promise<{ waitsMs: number[]; opensMs: number[] }> {
  const returns = await Promise.all(
    Array.from({ length: options.clients }, (_, index) => {
      const someone = people[index % people.length]!;
      return comeBack(someone, urls[index % urls.length]!, options.missed);
    }),
  );
  for (const { socket } of returns) socket.close();
  await Promise.all(urls.map(untilEmpty));
  return { waitsMs: returns.map(({ waitMs }) => waitMs), opensMs: returns.map(({ openMs }) => openMs) };
}

interface Return {
  socket: WebSocket;
  waitMs: number;
  openMs: number;
}

async function comeBack({ token, positions }: Someone, url: string, missed: number): Promise<Return> {
  const began = performance.now();
  const bare = await enterBare(url, token);
  const { socket } = bare;
  const { promise: answered, resolve, reject } = Promise.withResolvers<string>();
  const fail = (why: string) => reject(new Error(`a client did not come back: ${why}`));
  const timer = setTimeout(() => fail('no answer'), ANSWER_WITHIN_MS);
  bare.onFrame = (frame) => {
    const text = frame.toString();
    if (text.startsWith('430')) resolve(text);
  };
  const asked = performance.now();
  socket.on('close', () => fail('closed'));
  askToOpen(socket, positions);
  const text = await answered;
  const now = performance.now();
  clearTimeout(timer);
  const fault = faultOf(text, positions, missed);
  if (fault !== undefined) throw new Error(`a client did not come back: ${fault}`);
  return { socket, waitMs: now - began, openMs: now - asked };
}

function faultOf(text: string, positions: Position[], missed: number): string | undefined {
  const [answer] = JSON.parse(text.slice(3)) as [{ ok: boolean; data?: { results: ScopeResult[] } }];
  if (!answer.ok || answer.data === undefined) return text;
  const missing = answer.data.results.map((result) =>
    result.kind === 'changes' ? result.changes.length : result.kind,
  );
  const expected = positions.map((_, index) => (index === positions.length - 1 ? missed : 0));
  return missing.join() === expected.join() ? undefined : `answered ${missing.join()} for ${expected.join()}`;
}

/** Sockets leave their entries: the next storm finds the gateway as cold as this one did. */
async function untilEmpty(url: string): Promise<void> {
  for (;;) {
    const text = await (await fetch(`${url}/metrics`)).text();
    if (/^muster_sockets(\{.*\})? 0$/m.test(text) && /^muster_scope_entries(\{.*\})? 0$/m.test(text)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const calls = { prepare, miss, storm };
export type ReturningCalls = typeof calls;
serve(calls);
