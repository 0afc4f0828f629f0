/** Conversations in which the agent recites, and the people who watch: bare websockets, three to a run, on all gateways. */
import { v5, v7 } from 'uuid';
import type { WebSocket } from 'ws';
import { serve } from '../processes/serve.ts';
import { enterBare } from '../product/bare-socket.ts';
import { WireClient } from '../product/wire-client.ts';

/** `7:mabc12k4`: its number, and when it was said. */
const WORD = /(\d+):([0-9a-z]+)/g;
const ENDED = /"status":"(completed|failed|stopped)"/;
const ENDED_WITHIN_MS = 60_000;

interface Viewer {
  socket: WebSocket;
  runId: string;
  words: number;
  onEnd: (status: string) => void;
}

export interface Recital {
  /** Of each run, from sending the question until the first words were with who asked. */
  firstMs: number[];
  /** Of each piece that a viewer got, how old its oldest word was. */
  lagMs: number[];
}

let asker: WireClient | undefined;
const threads: string[] = [];
const viewers: Viewer[][] = [];
let recital: Recital = { firstMs: [], lagMs: [] };
let askedAt = new Map<string, number>();
let countsFrom = 0;

async function prepare(options: { urls: string[]; token: string; runs: number; viewers: number }): Promise<void> {
  asker = await WireClient.connect(options.urls[0]!, options.token);
  for (let run = 0; run < options.runs; run++) {
    const id = v7();
    await asker.mutate('thread.create', { id });
    threads.push(id);
    viewers.push(
      await Promise.all(
        Array.from({ length: options.viewers }, (_, index) =>
          view(options.urls[(run + index) % options.urls.length]!, options.token),
        ),
      ),
    );
  }
}

async function view(url: string, token: string): Promise<Viewer> {
  const bare = await enterBare(url, token);
  const viewer: Viewer = { socket: bare.socket, runId: '', words: 0, onEnd: () => undefined };
  bare.onFrame = (frame) => hear(viewer, frame.toString());
  return viewer;
}

function hear(viewer: Viewer, frame: string): void {
  const isAnswer = frame.startsWith('43');
  if (isAnswer && !frame.includes('"ok":true')) throw new Error(`refused: ${frame}`);
  // Not yet told apart from the words of the question, which carry no numbers with a colon.
  if (isAnswer || frame.startsWith('42["run:chunk"')) {
    const now = Date.now();
    let oldest: number | undefined;
    for (const [, number, said] of frame.slice(frame.indexOf('"text"')).matchAll(WORD)) {
      if (Number(number) !== viewer.words)
        throw new Error(`word ${number} came where ${viewer.words} was next: ${frame}`);
      viewer.words += 1;
      oldest ??= parseInt(said!, 36);
    }
    if (oldest === undefined) return;
    const asked = askedAt.get(viewer.runId);
    askedAt.delete(viewer.runId);
    if (asked !== undefined) recital.firstMs.push(performance.now() - asked);
    if (!isAnswer && viewer.words > countsFrom) recital.lagMs.push(now - oldest);
  }
  if (!isAnswer && !frame.startsWith('42["run:status"')) return;
  const ended = ENDED.exec(frame);
  if (ended) viewer.onEnd(ended[1]!);
}

/**
 * So many ask in the same instant, and everyone who watches them hears every word once.
 * @param options.from lateness counts from this word on: before, runs are still beginning
 */
async function recite(options: { runs: number; words: number; aSecond: number; from?: number }): Promise<Recital> {
  recital = { firstMs: [], lagMs: [] };
  askedAt = new Map();
  countsFrom = options.from ?? 0;
  await Promise.all(threads.slice(0, options.runs).map((threadId, run) => reciteOne(threadId, viewers[run]!, options)));
  return recital;
}

async function reciteOne(threadId: string, watching: Viewer[], { words, aSecond }: { words: number; aSecond: number }) {
  const id = v7();
  const runId = v5('run', id);
  const ended = watching.map(
    (viewer) =>
      new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('a run did not end')), ENDED_WITHIN_MS);
        Object.assign(viewer, { runId, words: 0 });
        viewer.onEnd = (status) => {
          clearTimeout(timer);
          if (status === 'completed' && viewer.words === words) resolve();
          else reject(new Error(`${status} with ${viewer.words} of ${words} words`));
        };
      }),
  );
  askedAt.set(runId, performance.now());
  await asker!.mutate('message.send', { id, threadId, text: `recite ${words} words at ${aSecond} a second` });
  for (const { socket } of watching) socket.send(`420${JSON.stringify(['run:watch', { runId }])}`);
  await Promise.all(ended);
}

const calls = { prepare, recite };
export type ViewersCalls = typeof calls;
serve(calls);
