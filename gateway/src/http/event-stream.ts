import type { ServerResponse } from 'node:http';
import type { Context } from './context.ts';

/** Proxies close what is silent for a minute, some for half of one. */
export const HEARTBEAT_MS = 10_000;
/** A reader that does not read is cut here: it asks again from where it was. */
const MOST_BUFFERED_BYTES = 1_048_576;

export interface EventStream {
  /** @param id what `Last-Event-ID` repeats after a lost connection */
  send(event: string, data: unknown, id?: string): void;
  /** Ends it in order. */
  end(): void;
  /** Settled once it is over; `isCut`: the reader went away first. */
  closed: Promise<{ isCut: boolean }>;
}

/** Answers with a stream of server-sent events, kept open by comments. */
export function openEventStream(ctx: Context): EventStream {
  ctx.status = 200;
  ctx.set({
    'content-type': 'text/event-stream; charset=utf-8',
    // Neither stored nor compressed or buffered on its way.
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
    connection: 'keep-alive',
  });
  ctx.respond = false;
  const response: ServerResponse = ctx.res;
  response.flushHeaders();
  ctx.req.socket.setNoDelay(true);

  const write = (text: string) => {
    if (response.writableEnded || response.destroyed) return;
    response.write(text);
    if (response.writableLength > MOST_BUFFERED_BYTES) response.destroy();
  };
  write(':\n\n');
  const heartbeat = setInterval(() => write(':\n\n'), HEARTBEAT_MS);
  const closed = new Promise<{ isCut: boolean }>((resolve) => {
    const settle = () => {
      clearInterval(heartbeat);
      resolve({ isCut: !response.writableEnded });
    };
    // Whoever left while the route looked things up has closed it already: no second `close` will come.
    if (response.destroyed) settle();
    else response.once('close', settle);
  });

  return {
    closed,
    send: (event, data, id) => {
      // JSON has no raw line breaks, so one data line holds it all.
      write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    end: () => {
      clearInterval(heartbeat);
      if (!response.destroyed) response.end();
    },
  };
}
