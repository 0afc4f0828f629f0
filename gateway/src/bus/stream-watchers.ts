import type { RunWatchAnswer, TextPosition } from '@muster/protocol/run';
import type { RunGoneReason, RunWatch, RunWatcher } from './bus-types.ts';
import type { RunMember } from './run-feed.ts';
import type { RunNews } from './run-fold.ts';
import type { RunGate } from './run-gate.ts';

interface Watching {
  sessionId: string;
  end(reason: RunGoneReason): void;
}

/** Readers of runs without a socket (SSE): each under its thread's fence, and gone with its session. */
export class StreamWatchers {
  readonly #all = new Set<Watching>();

  /** @throws {MusterError} `not_found`, `unavailable` */
  async watch(gate: RunGate, watcher: RunWatcher, runId: string, after?: TextPosition): Promise<RunWatch> {
    let leave = () => {};
    let isOver = false;
    let answer: RunWatchAnswer | undefined;
    // News waits until the caller holds the answer that it follows.
    let early: RunNews[] | undefined = [];
    const close = () => {
      isOver = true;
      this.#all.delete(watching);
      leave();
    };
    const watching: Watching = {
      sessionId: watcher.sessionId,
      end: (reason) => {
        if (isOver) return;
        close();
        if (early === undefined) watcher.onGone(reason);
        else setImmediate(() => watcher.onGone(reason));
      },
    };
    const member: RunMember = {
      userId: watcher.userId,
      evict: () => watching.end('removed'),
      tell: (news) => {
        if (isOver) return;
        if (early === undefined) tell(watcher, news);
        else early.push(news);
      },
    };
    await gate.watch(runId, after, {
      member,
      mayJoin: () => true,
      answer: (data, leaving) => {
        answer = data;
        leave = leaving;
        this.#all.add(watching);
      },
    });
    setImmediate(() => {
      const waiting = early ?? [];
      early = undefined;
      for (const news of waiting) if (!isOver) tell(watcher, news);
    });
    return { answer: answer!, close };
  }

  sessions(): string[] {
    return [...this.#all].map(({ sessionId }) => sessionId);
  }

  endSession(sessionId: string): void {
    for (const watching of [...this.#all]) if (watching.sessionId === sessionId) watching.end('session');
  }

  endAll(reason: RunGoneReason): void {
    for (const watching of [...this.#all]) watching.end(reason);
  }
}

function tell(watcher: RunWatcher, news: RunNews): void {
  if (news.event === 'run:chunk') watcher.onChunk(news.data);
  else if (news.event === 'run:item') watcher.onItem(news.data);
  else watcher.onStatus(news.data);
}
