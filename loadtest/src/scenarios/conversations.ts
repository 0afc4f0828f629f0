import execution from 'k6/execution';
import { askForRecital, faultOfRecital } from '../measure/recital.ts';
import { beginCounting, METRICS, warn } from '../measure/metrics.ts';
import { Api, type Guest } from '../muster/api.ts';
import { idWithin } from '../muster/ids.ts';
import { pause, pauseUntil, waitUntil } from '../muster/pause.ts';
import { Person } from '../muster/person.ts';
import { RunWatch } from '../muster/run-watch.ts';
import { isEnded, type Effect } from '../muster/wire-types.ts';
import { carriersOf, rampFor } from './crowd-plan.ts';

export interface ChatOptions {
  chats: number;
  /** Of each chat, its asker among them. */
  viewers: number;
  /** How long each answer streams. */
  seconds: number;
  wordsPerSecond: number;
}

export interface ChatData {
  /** `viewers` people for each list; everyone begins one conversation, and all of the list read it. */
  tokens: string[];
  threads: string[];
  asksAt: number;
}

const BEGIN_AFTER_MS = 1_000;
/** For runs that waited for a worker, and for those who lost their connection. */
const SETTLE_MS = 45_000;
const LOOK_EVERY_MS = 100;
const LAST_WORDS_WITHIN_MS = 5_000;

const groupsOf = ({ chats, viewers }: ChatOptions): number => Math.ceil(chats / viewers);
const clientsOf = (options: ChatOptions): number => groupsOf(options) * options.viewers;
const wordsOf = ({ seconds, wordsPerSecond }: ChatOptions): number => Math.max(1, Math.round(seconds * wordsPerSecond));

export function setUpChats(url: string, options: ChatOptions): ChatData {
  const api = new Api(url);
  const guests = api.createGuests(clientsOf(options));
  const groups: Guest[][] = [];
  for (let at = 0; at < guests.length; at += options.viewers) groups.push(guests.slice(at, at + options.viewers));
  // Who reads alone needs no list to share: the conversation is their own.
  const lists = options.viewers > 1 ? api.createLists(groups.map(([owner]) => owner!)) : [];
  api.letIn(lists.map((id, at) => ({ id, owner: groups[at]![0]!, others: groups[at]!.slice(1) })));
  const threads = api.createThreads(
    guests
      .slice(0, options.chats)
      .map((guest, chat) => ({ by: guest, listId: lists[Math.floor(chat / options.viewers)] })),
  );
  const asksAt = Date.now() + BEGIN_AFTER_MS + rampFor(guests.length) * 1_000;
  return { tokens: guests.map(({ token }) => token), threads, asksAt };
}

export const chatExecutor = (options: ChatOptions, exec: string) => ({
  executor: 'per-vu-iterations' as const,
  vus: carriersOf(clientsOf(options)),
  iterations: 1,
  maxDuration: `${rampFor(clientsOf(options)) + options.seconds + SETTLE_MS / 1_000 + 30}s`,
  exec,
});

/** So many readings of a run to its end there must be. */
export const readingsOf = ({ chats, viewers }: ChatOptions): number => {
  const last = chats % viewers;
  // The last list may have more people than conversations, and all of them read.
  return Math.floor(chats / viewers) * viewers * viewers + last * viewers;
};

export async function runChats(url: string, options: ChatOptions, data: ChatData): Promise<void> {
  beginCounting();
  const carriers = carriersOf(clientsOf(options));
  const carrier = execution.scenario.iterationInTest;
  const own: Promise<void>[] = [];
  for (let client = carrier; client < clientsOf(options); client += carriers) {
    own.push(new ChatClient(url, options, data, client).run());
  }
  await Promise.all(own);
}

interface Reading {
  watch: RunWatch;
  committed?: string;
  /** As the stream says. */
  isOver: boolean;
  /** When the thread said so. */
  endedAt?: number;
}

class ChatClient {
  readonly #options: ChatOptions;
  readonly #data: ChatData;
  readonly #client: number;
  readonly #person: Person;
  /** By the run's id. */
  readonly #readings = new Map<string, Reading>();
  #askedAt: number | undefined;

  constructor(url: string, options: ChatOptions, data: ChatData, client: number) {
    this.#options = options;
    this.#data = data;
    this.#client = client;
    const first = client - (client % options.viewers);
    const threads = data.threads.slice(first, first + options.viewers);
    for (const thread of threads) {
      const runId = runOf(thread);
      this.#readings.set(runId, { watch: this.#watch(runId, thread === data.threads[client]), isOver: false });
    }
    this.#person = new Person({
      url,
      token: data.tokens[client]!,
      scopes: threads.map((thread) => `thread:${thread}`),
      listener: {
        snapshot: (_scope, entities) => this.#learn(entities.map((entity) => ({ op: 'put', ...entity }))),
        changed: (_scope, { effects }) => this.#learn(effects),
      },
    });
  }

  async run(): Promise<void> {
    const { asksAt, threads } = this.#data;
    const { seconds, wordsPerSecond } = this.#options;
    const ramp = rampFor(clientsOf(this.#options)) * 1_000;
    await pauseUntil(asksAt - ramp + (this.#client / clientsOf(this.#options)) * ramp * 0.8);
    const deadline = asksAt + seconds * 1_000 + SETTLE_MS;
    await waitUntil(deadline, this.#person.connect());
    const threadId = threads[this.#client];
    if (threadId !== undefined) {
      await pauseUntil(asksAt);
      this.#askedAt = Date.now();
      const text = askForRecital(wordsOf(this.#options), wordsPerSecond);
      await this.#person.mutate('message.send', { id: questionOf(threadId), threadId, text }, deadline);
    }
    // The thread may know the end before the stream has told its last words; a stream that never does is a fault.
    const isRead = ({ isOver, endedAt = Infinity, committed }: Reading) =>
      committed !== undefined && (isOver || Date.now() - endedAt > LAST_WORDS_WITHIN_MS);
    const isOver = () => [...this.#readings.values()].every(isRead);
    while (!isOver() && Date.now() < deadline) await pause(LOOK_EVERY_MS);
    for (const reading of this.#readings.values()) this.#judge(reading);
    this.#person.leave();
  }

  #watch(runId: string, isOwn: boolean): RunWatch {
    return new RunWatch(runId, {
      began: () => {
        if (isOwn && this.#askedAt !== undefined) METRICS.firstToken.add(Date.now() - this.#askedAt);
      },
      piece: (saidAt) => {
        METRICS.pieces.add(1);
        if (saidAt !== undefined) METRICS.tokenLag.add(Date.now() - saidAt);
      },
      ended: () => void (this.#readings.get(runId)!.isOver = true),
    });
  }

  /** As a page does: a run is watched once its thread shows it, and its thread has the last word. */
  #learn(effects: readonly Effect[]): void {
    for (const { op, type, id, value, fields } of effects) {
      if (type === 'run' && this.#readings.has(id)) {
        const reading = this.#readings.get(id)!;
        if (op === 'put') this.#person.watch(reading.watch);
        if (isEnded(String((value ?? fields)?.['status']))) reading.endedAt ??= Date.now();
      }
      if (type === 'message' && value?.['role'] === 'assistant') {
        const reading = this.#readings.get(String(value['runId']));
        if (reading !== undefined) reading.committed = (reading.committed ?? '') + String(value['text']);
      }
    }
  }

  #judge({ watch, committed, isOver, endedAt }: Reading): void {
    METRICS.runsRead.add(isOver || endedAt !== undefined ? 1 : 0);
    const fault =
      committed === undefined
        ? 'it never came to its end'
        : (faultOfRecital(committed, wordsOf(this.#options)) ?? watch.faultAgainst(committed));
    if (fault !== undefined) warn(`an answer was not exact: ${fault}`);
    METRICS.textExact.add(fault === undefined);
  }
}

const questionOf = (threadId: string): string => idWithin(threadId, 'question');
const runOf = (threadId: string): string => idWithin(questionOf(threadId), 'run');
