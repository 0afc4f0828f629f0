import { isEnded, textPosition, type Item, type MessageBody, type TextPosition } from '@muster/protocol/run';
import type { RunChunk, RunItemNews, RunStatusNews } from '@muster/protocol/server-events';
import * as z from 'zod/mini';
import type { RunWatcher } from '../bus/bus-types.ts';
import type { Identity } from '../auth/identity-types.ts';
import type { ApiContext } from './api-context.ts';
import type { Context } from './context.ts';
import { openEventStream, type EventStream } from './event-stream.ts';
import { internalCommand } from './submit.ts';

export const wantsStream = (ctx: Context): boolean => /\btext\/event-stream\b/i.test(ctx.get('accept'));

/** `Last-Event-ID`: the item and how much of its text the reader has. What is not one counts as none. */
export function readLastEventId(header: string): TextPosition | undefined {
  const at = header.lastIndexOf(':');
  if (at <= 0 || !/^\d{1,9}$/.test(header.slice(at + 1))) return undefined;
  const parsed = z.safeParse(textPosition, { itemId: header.slice(0, at), offset: Number(header.slice(at + 1)) });
  return parsed.success ? parsed.data : undefined;
}

interface Request {
  ctx: Context;
  identity: Identity;
  threadId: string;
  runId: string;
  onDisconnect: 'continue' | 'stop';
}

/** Answers with a run as it streams, until it has ended or is no longer the reader's to see. */
export async function streamRun(
  api: ApiContext,
  { ctx, identity, threadId, runId, onDisconnect }: Request,
): Promise<void> {
  const after = readLastEventId(ctx.get('last-event-id'));
  // News come from the moment of the watch, before its answer is told: they wait in line behind it.
  let stream: EventStream | undefined;
  const waiting: (() => Promise<void>)[] = [];
  let line: Promise<void> = Promise.resolve();
  const enqueue = (task: () => Promise<void>): void => {
    if (stream === undefined) return void waiting.push(task);
    line = line.then(task).catch((err: unknown) => {
      api.logger.warn({ err, runId }, 'an event stream was cut');
      ctx.res.destroy();
    });
  };
  const teller = createTeller({
    runId,
    after,
    send: (...event) => stream?.send(...event),
    readText: async (messageId) => {
      const found = await api.threads.listMessages(identity.userId, threadId, { id: messageId, limit: 1 });
      return found?.items[0]?.text;
    },
  });
  const watcher: RunWatcher = {
    userId: identity.userId,
    sessionId: identity.sessionId,
    onChunk: (news) => enqueue(async () => teller.tellChunk(news)),
    onItem: (news) => enqueue(() => teller.tellItem(news)),
    onStatus: (news) =>
      enqueue(async () => {
        teller.tellStatus(news);
        if (isEnded(news.status)) stream?.end();
      }),
    onGone: () => enqueue(async () => stream?.end()),
  };

  const { answer, close } = await api.bus.watchRun(watcher, runId, after);
  try {
    stream = openEventStream(ctx);
    const { status, attempt, items, current } = answer;
    enqueue(async () => {
      teller.tellStatus({ runId, status, attempt });
      for (const item of items) await teller.tellItem({ runId, attempt, item });
      if (current) teller.tellChunk({ runId, attempt, ...current });
      if (isEnded(status)) stream?.end();
    });
    for (const task of waiting) enqueue(task);
    const { isCut } = await stream.closed;
    if (isCut && onDisconnect === 'stop') {
      await api
        .submit({ identity }, [internalCommand('run.stop', { runId })], { isTrusted: true })
        .catch((err: unknown) => api.logger.warn({ err, runId }, 'a run outlives its reader'));
    }
  } finally {
    close();
  }
}

interface Teller {
  tellChunk(news: RunChunk): void;
  tellItem(news: RunItemNews): Promise<void>;
  tellStatus(news: RunStatusNews): void;
}

/**
 * Tells each reader every character once: what they have is cut, what a message got while nobody told it is read from
 * its row before the item's end is told.
 */
export function createTeller({
  runId,
  after,
  send,
  readText,
}: {
  runId: string;
  after: TextPosition | undefined;
  send(event: string, data: unknown, id?: string): void;
  readText(messageId: string): Promise<string | undefined>;
}): Teller {
  const told = new Map<string, number>(after ? [[after.itemId, after.offset]] : []);
  const numberOf = (itemId: string) => Number(itemId.slice(itemId.lastIndexOf(':') + 1));
  const isBehind = (item: Item) => after !== undefined && item.n < numberOf(after.itemId);

  const tellText = (attempt: number, itemId: string, offset: number, text: string): void => {
    const have = told.get(itemId) ?? 0;
    if (offset > have || offset + text.length <= have) return;
    const rest = text.slice(have - offset);
    told.set(itemId, have + rest.length);
    send('run:chunk', { runId, attempt, itemId, offset: have, text: rest }, `${itemId}:${have + rest.length}`);
  };

  return {
    tellChunk: ({ attempt, itemId, offset, text }) => tellText(attempt, itemId, offset, text),
    tellItem: async (news) => {
      const { item, attempt } = news;
      if (isBehind(item)) return;
      if (item.kind === 'message' && item.state !== 'open') {
        const text = await readText((item.body as MessageBody).messageId);
        if (text !== undefined) tellText(attempt, item.id, 0, text);
      }
      send('run:item', news);
    },
    tellStatus: (news) => {
      if (news.rewind) told.set(news.rewind.itemId, news.rewind.offset);
      send('run:status', news);
    },
  };
}
