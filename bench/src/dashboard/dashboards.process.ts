/** People who have a list before them: over websockets, or by asking for it again and again. And one who writes in it. */
import { Agent, get } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { serve } from '../processes/serve.ts';
import { askToOpen, enterBare } from '../product/bare-socket.ts';
import { WireClient } from '../product/wire-client.ts';

const TURN = /Turn (\d{6})/g;
const ALL_SEEN_WITHIN_MS = 10_000;

interface Dashboard {
  /** The newest turn that stands on it. */
  turn: number;
  readBytes(): number;
}

interface People {
  url: string;
  tokens: string[];
  listId: string;
}

interface Writing {
  taskId: string;
  seconds: number;
  everyMs: number;
}

export interface Slice {
  seconds: number;
  /** What all dashboards got together. */
  bytes: number;
  staleMs: number[];
}

const watching: Dashboard[] = [];
/** When the intent of each turn was sent. */
const sentAt: number[] = [0];
let staleMs: number[] = [];
let writer: WireClient | undefined;

function see(dashboard: Dashboard, content: string): void {
  let newest = dashboard.turn;
  for (const [, turn] of content.matchAll(TURN)) newest = Math.max(newest, Number(turn));
  const now = performance.now();
  for (let turn = dashboard.turn + 1; turn <= newest; turn++) staleMs.push(now - sentAt[turn]!);
  dashboard.turn = newest;
}

/** Everyone opens the list on a websocket, and stays. */
async function watch({ url, tokens, listId }: People): Promise<void> {
  for (const token of tokens) watching.push(await watchOne(url, token, listId));
}

async function watchOne(url: string, token: string, listId: string): Promise<Dashboard> {
  const { promise: opened, resolve, reject } = Promise.withResolvers<void>();
  const bare = await enterBare(url, token);
  const dashboard: Dashboard = { turn: 0, readBytes: () => bare.stream.bytesRead };
  let isOpen = false;
  bare.onFrame = (data) => {
    const frame = data.toString();
    if (isOpen) return see(dashboard, frame);
    if (!frame.startsWith('43')) return;
    isOpen = frame.startsWith('430[{"ok":true');
    if (isOpen) resolve();
    else reject(new Error(`refused: ${frame}`));
  };
  askToOpen(bare.socket, [{ scope: `list:${listId}` }]);
  await opened;
  return dashboard;
}

/** Everyone asks for the list's tasks, each at a moment of its own, until told to stop. */
function ask({ url, tokens, listId }: People, pauseMs: number): { dashboards: Dashboard[]; stop(): void } {
  let isOver = false;
  const agents: Agent[] = [];
  const timers: NodeJS.Timeout[] = [];
  const dashboards = tokens.map((token, index) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agents.push(agent);
    let stream: Socket | undefined;
    const dashboard: Dashboard = { turn: sentAt.length - 1, readBytes: () => stream?.bytesRead ?? 0 };
    const askOnce = () => {
      const headers = { authorization: `Bearer ${token}` };
      get(`${url}/api/v1/lists/${listId}/tasks?limit=100`, { agent, headers }, (response) => {
        stream = response.socket;
        void text(response).then((body) => {
          if (response.statusCode !== 200) throw new Error(`refused: ${response.statusCode} ${body}`);
          see(dashboard, body);
        });
      }).on('error', (error) => {
        // Those on the way when it is over are cut off.
        if (!isOver) throw error;
      });
    };
    timers.push(
      setTimeout(
        () => {
          askOnce();
          timers.push(setInterval(askOnce, pauseMs));
        },
        (index * pauseMs) / tokens.length,
      ),
    );
    return dashboard;
  });
  const stop = () => {
    isOver = true;
    for (const timer of timers) clearTimeout(timer);
    for (const agent of agents) agent.destroy();
  };
  return { dashboards, stop };
}

/** @returns the id of the task in each list that is to be renamed */
async function prepareWriter({ url, token, listIds }: { url: string; token: string; listIds: string[] }) {
  writer = await WireClient.connect(url, token);
  const taskIds: string[] = [];
  for (const listId of listIds) taskIds.push((await writer.createTasks(listId, 100))[50]!);
  return taskIds;
}

/** A slice with the websockets: renames at an even pace, until everyone has seen the last. */
async function watchFor(writing: Writing): Promise<Slice> {
  for (const dashboard of watching) dashboard.turn = sentAt.length - 1;
  return slice(watching, writing);
}

/** A slice with people who ask. */
async function askFor({ pauseMs, ...options }: People & Writing & { pauseMs: number }): Promise<Slice> {
  const { dashboards, stop } = ask(options, pauseMs);
  try {
    return await slice(dashboards, options);
  } finally {
    stop();
  }
}

async function slice(dashboards: Dashboard[], { taskId, seconds, everyMs }: Writing): Promise<Slice> {
  staleMs = [];
  const read = () => dashboards.reduce((sum, dashboard) => sum + dashboard.readBytes(), 0);
  const [began, before] = [performance.now(), read()];
  for (let step = 1; step * everyMs <= seconds * 1_000; step++) {
    const wait = began + step * everyMs - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const turn = sentAt.push(performance.now()) - 1;
    await writer!.mutate('task.update', { id: taskId, fields: { title: `Turn ${String(turn).padStart(6, '0')}` } });
  }
  const last = sentAt.length - 1;
  while (dashboards.some(({ turn }) => turn < last)) {
    if (performance.now() - sentAt[last]! > ALL_SEEN_WITHIN_MS)
      throw new Error('a dashboard did not see the last turn');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { seconds: (performance.now() - began) / 1_000, bytes: read() - before, staleMs };
}

const calls = { watch, prepareWriter, watchFor, askFor };
export type DashboardsCalls = typeof calls;
serve(calls);
