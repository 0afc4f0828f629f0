import type { Command } from '@muster/domain/command';
import { COMMANDS } from '@muster/domain/registry';
import type { Hello } from '@muster/protocol/server-events';
import { PROTOCOL_VERSION } from '@muster/protocol/version';
import { Attendance } from './attendance.ts';
import { createBrowserPage } from './browser-page.ts';
import { realClock } from './clock.ts';
import { Confirmed } from './confirmed.ts';
import { Connection } from './connection.ts';
import { Emitter } from './emitter.ts';
import { createInbox } from './inbox.ts';
import { Outbox } from './outbox.ts';
import { Presence } from './presence.ts';
import { ProfileBook } from './profiles.ts';
import { Pusher } from './pusher.ts';
import { Replica } from './replica.ts';
import { runSources } from './run-sources.ts';
import { Runs } from './runs.ts';
import { Scopes } from './scopes.ts';
import { spareScopes } from './own-scopes.ts';
import { searchTasks } from './search.ts';
import { isFinal, Session } from './session.ts';
import { socketIoTransport } from './socket-io.ts';
import { Status } from './status.ts';
import { StorageCare } from './storage-care.ts';
import { StorageWriter } from './storage-writer.ts';
import type { TabNews } from './tab-news.ts';
import { TurnToPush, type TurnNews } from './turn-to-push.ts';
import type { ClientOptions, MusterClient, TabSeat } from './types.ts';
import { View, type Commands } from './view.ts';

/**
 * A client that keeps what it follows in step with the server, and shows the person's own edits at once. One for each
 * page or script; clients that share a storage share their queue, as the tabs of a browser do.
 */
export function createClient(options: ClientOptions): MusterClient {
  const { url, clock = realClock, transport = socketIoTransport, page = createBrowserPage() } = options;
  const log = options.logger ?? (() => undefined);
  const failed = (what: string) => (error: unknown) => log(what, { error });
  const emitter = new Emitter(log);
  const status = new Status((now) => emitter.emit('status', now));
  const care = new StorageCare({ storage: options.storage, status, log });
  const writer: StorageWriter = new StorageWriter(care.storage, log, () => spareScopes(replica, scopes.follows));
  const profiles = new ProfileBook(emitter, writer);
  const confirmed = new Confirmed();
  const view = new View(confirmed, COMMANDS as unknown as Commands & Record<string, Command<never>>, log);
  let seat: TabSeat | undefined;
  let isStarted = false;
  /** The server said who we are, and the store is theirs. */
  let isReady = false;

  const request = (event: string, data: unknown) => connection.request(event, data);
  const isOnline = () => isReady && connection.isOpen;
  const under = () => ({ logEpoch: session.logEpoch, at: clock.now() });

  const replica: Replica = new Replica({
    confirmed,
    view,
    writer,
    emitter,
    clientId: () => session.clientId,
    under,
    isOpen: (scope) => scopes.isOpen(scope),
    moved() {
      status.pending(view.intents);
      scopes.poke();
      runs.poke();
      turn.look();
      attendance.look();
    },
  });

  const scopes: Scopes = new Scopes({
    replica,
    emitter,
    clock,
    log,
    request,
    isOnline,
    profiles: (given) => profiles.learn(given),
    joined: (scope) => presence.joined(scope),
    moved: () => attendance.reconnect('moved'),
    reconnect: (reason) => connection.drop(reason),
    behind: (isBehind) => status.set({ isBehind }),
  });

  const outbox: Outbox = new Outbox({
    ...{ replica, writer, care },
    emitter,
    clock,
    log,
    seat: () => seat,
    isComplete: () => scopes.isComplete,
    under,
    queued() {
      status.pending(view.intents);
      turn.look();
      pusher.pump();
    },
  });

  const session: Session = new Session(options.clientId ?? '', {
    replica,
    writer,
    outbox,
    scopes,
    profiles,
    ...{ emitter, clock, request },
    failed: (error) => care.failed(error),
    seat: () => seat,
    reconnect: (reason) => attendance.reconnect(reason),
  });

  const pusher: Pusher = new Pusher({
    clock,
    request,
    log,
    intents: () => view.intents,
    isPushable: () => session.isPushable,
    isKnown: (mid) => outbox.isKnown(mid),
    settle: (intent, first) => outbox.settle(intent, first),
    giveUp: (intent, error) => outbox.refusals.giveUp(intent, error),
    offerAgain: (from) => outbox.offerAgain(from),
    renew: () => session.renew(),
    reconnect: (reason) => connection.drop(reason),
  });

  const turn: TurnToPush = new TurnToPush({
    clock,
    seat: () => seat,
    isOnline,
    attendance: () => attendance,
    unanswered: outbox.unanswered,
    set: (isOn) => pusher.set(isOn),
  });

  const presence = new Presence({
    emitter,
    request,
    isJoined(scope) {
      const state = scopes.state(scope);
      return isOnline() && state.state === 'open' && state.isFresh;
    },
  });

  const runs: Runs = new Runs({
    ...{ clock, request, isOnline, log },
    ...runSources(confirmed, view),
  });

  const connection: Connection = new Connection({
    ...{ url, transport, clock, log },
    async auth() {
      const token = typeof options.token === 'function' ? await options.token() : options.token;
      return { clientId: session.connects(), protocol: PROTOCOL_VERSION, ...(token === undefined ? {} : { token }) };
    },
    received: (event, data) => received(event, data),
    lost(_reason, attempts) {
      disconnected();
      const isOffline = attempts > 1 || page?.hasNetwork === false;
      status.set({ connection: isOffline ? 'offline' : 'connecting', since: status.now.since ?? clock.now() });
    },
    refused(error) {
      disconnected();
      if (error.code === 'cloned' && session.former.refuse()) return true;
      if (error.code === 'cloned') {
        // This store is another person's. Its handshake is refused for ever, so the way on is a store of one's own.
        connection.stop();
        session.switchTo(null).catch(failed('the store could not be put aside'));
        return true;
      }
      if (!isFinal(error)) return true;
      status.set({ connection: 'refused', since: status.now.since ?? clock.now(), error });
      return false;
    },
  });

  const attendance: Attendance = new Attendance({
    clock,
    page,
    restAfterMs: options.restAfterMs,
    hasWaiting: () => view.intents.some(({ seqs }) => !seqs),
    connection,
    status,
    disconnected,
    awake: () => void session.tabsMayHaveMoved().catch(failed('the store could not be read again')),
  });

  function disconnected(): void {
    const wasReady = isReady;
    isReady = false;
    turn.look();
    if (!wasReady) return;
    scopes.disconnected();
    presence.disconnected();
    runs.disconnected();
  }

  async function greeted(hello: Hello): Promise<void> {
    if (!(await session.hello(hello))) return;
    if (!connection.isOpen) return;
    isReady = true;
    status.set({ connection: 'online', since: null, error: null });
    scopes.connected();
    runs.connected(session.logEpoch);
    turn.look();
    pusher.pump();
  }

  const received = createInbox({
    scopes,
    presence,
    profiles,
    runs,
    log,
    greeted,
    isReady: () => isReady,
    drain: (retryAfterMs) => connection.drain(retryAfterMs),
    reconnect: (reason) => connection.drop(reason),
  });

  function hear(message: unknown): void {
    const news = message as TabNews | TurnNews;
    if (news?.news === 'renewed') session.renewed().catch(failed('no new clientId'));
    else if (news?.news === 'user') attendance.reconnect('another user');
    else if (news?.news === 'who-pushes' || news?.news === 'here') turn.hear(news);
    else outbox.hear(news);
  }

  async function end(wipe: boolean): Promise<void> {
    if (wipe) outbox.abandon();
    isStarted = false;
    attendance.stop();
    connection.stop();
    disconnected();
    turn.stop();
    seat?.leave();
    seat = undefined;
    const wiped = wipe ? writer.turn((port) => port.wipe()) : Promise.resolve();
    wiped.catch(failed('the store could not be wiped'));
    await writer.idle();
    await (await care.storage).close();
    status.set({ connection: 'stopped', since: status.now.since ?? clock.now() });
    await wiped;
  }

  return {
    async start() {
      if (isStarted) return;
      isStarted = true;
      status.set({ connection: 'connecting', since: clock.now() });
      try {
        await session.hydrate(options.clientId);
      } catch (error) {
        writer.use(care.gaveUp(error));
        await session.hydrate(options.clientId);
      }
      const { tabs } = await care.storage;
      if (!isStarted) return;
      seat = tabs.join(hear);
      // What another tab queued between the reading and the joining.
      await outbox.refill().catch(failed('the queue could not be read again'));
      if (!isStarted) return;
      connection.start();
      attendance.start();
    },
    stop: () => end(false),
    forget: () => end(true),
    reconnect() {
      if (!isStarted || isOnline()) return;
      status.set({ connection: 'connecting', error: null });
      attendance.connectNow('asked');
    },
    get status() {
      return status.now;
    },
    get userId() {
      return view.userId;
    },
    get clientId() {
      return session.clientId;
    },
    open: (scope) => scopes.open(scope),
    scopeState: (scope) => scopes.state(scope),
    get: (type, id) => view.get(type, id),
    all: (scope, type) => view.all(scope, type),
    profile: (id) => profiles.get(id),
    search: (words, most) => searchTasks(replica, words, most),
    mutate: (name, args, options) => outbox.mutate(name, args, options),
    presence: {
      set: (scope, state) => presence.set(scope, state),
      of: (scope) => presence.of(scope),
    },
    watchRun: (runId) => runs.watch(runId),
    stopRun: (runId) => runs.stop(runId),
    decideRun: (runId, callId, approve, remember) => runs.decide(runId, callId, approve, remember),
    on: (event, listener) => emitter.on(event, listener),
  };
}
