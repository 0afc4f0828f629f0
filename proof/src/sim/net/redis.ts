import type { BridgeListener, RedisBridge } from '@muster/gateway/bus/redis-bridge';
import type { GatewayMessage } from '@muster/gateway/bus/socket-host';
import type { NewRunStreamEntry, RunStreamEntry } from '@muster/protocol/internal/run-stream';
import type { Packet } from '@muster/protocol/change';
import { Random } from '../random.ts';
import type { VirtualTime } from '../time/virtual-time.ts';
import { FAIR, usualDelay, type GatewayWeather, type RedisWeather } from './weather.ts';

/** The bridge's own patience, as in the gateway: nobody waits longer for Redis to confirm. */
const CONFIRM_WITHIN_MS = 1_000;
const LATE = { least: 100, most: 2_500 };

interface Line {
  listener: BridgeListener;
  weather: GatewayWeather;
  channels: Set<string>;
  /** Redis writes to a subscriber in order: nothing arrives before this. */
  lastAt: number;
  isClosed: boolean;
  /** It is back: told once all that was asked for meanwhile is done. */
  restored(): void;
  hear(message: GatewayMessage): void;
}

/** Pub/sub as gateways see it: at most once, to who is subscribed at that moment, and as lossy as the weather is. */
export class SimRedis {
  readonly weather: RedisWeather = { ...FAIR };
  /** Run streams: entries by run. */
  readonly streams = new Map<string, string[]>();
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #lines = new Set<Line>();
  /** The attempt that may write a run's stream. */
  readonly #holders = new Map<string, number>();

  constructor(time: VirtualTime, seed: number) {
    this.#time = time;
    this.#random = new Random(seed, 'redis');
  }

  /** A gateway's line to Redis. */
  connect(
    listener: BridgeListener,
    weather: GatewayWeather,
    hear: (message: GatewayMessage) => void,
  ): RedisBridge & { tell(message: GatewayMessage): void } {
    const isUp = () => !weather.isCutFromRedis && !weather.isFrozen;
    let commandAt = 0;
    const line: Line = {
      ...{ listener, weather, channels: new Set(), lastAt: 0, isClosed: false, hear },
      restored: () => void this.#time.at(commandAt, () => void (line.isClosed || listener.onReady())),
    };
    this.#lines.add(line);
    // One connection: commands reach Redis in the order in which they were given.
    const later = (run: () => void) => {
      commandAt = Math.max(commandAt, this.#time.now + usualDelay(this.#random));
      this.#time.at(commandAt, run);
    };
    const subscribe = (channels: string[]) =>
      new Promise<void>((resolve) => {
        // Nobody waits for a Redis that is away. ioredis asks for it in its turn once it is connected again.
        if (!isUp()) resolve();
        later(() => {
          for (const channel of channels) line.channels.add(channel);
          if (isUp()) later(resolve);
          else this.#time.after(CONFIRM_WITHIN_MS, resolve);
        });
      });
    return {
      subscribe: (scopes) => subscribe(scopes),
      unsubscribe: (scope) => later(() => this.#unsubscribe(line, scope)),
      streams: {
        subscribe: (runId) => subscribe([runId]),
        unsubscribe: (runId) => later(() => this.#unsubscribe(line, runId)),
        readAfter: (runId, n) =>
          new Promise((resolve, reject) => {
            later(() => {
              if (!isUp()) return reject(new Error('Redis is away'));
              const found = (this.streams.get(runId) ?? []).slice(n);
              later(() => resolve(found));
            });
          }),
      },
      publish: (packets) => {
        for (const packet of packets) this.#publish(line, packet);
      },
      isUp,
      isHearing: async () => isUp(),
      close: () => {
        line.isClosed = true;
        this.#lines.delete(line);
      },
      tell: (message) => {
        if (!isUp()) return;
        for (const other of this.#lines)
          if (other !== line) this.#bring(other, () => other.hear(structuredClone(message)));
      },
    };
  }

  /** A worker's flush, as the script in Redis does it. @returns false where a higher attempt holds the stream */
  append(runId: string, entry: NewRunStreamEntry): boolean {
    if ((this.#holders.get(runId) ?? 0) > entry.a) return false;
    this.#holders.set(runId, entry.a);
    const stored = this.streams.get(runId) ?? [];
    const json = JSON.stringify({ n: stored.length + 1, ...entry });
    stored.push(json);
    this.streams.set(runId, stored);
    for (const line of this.#lines) {
      if (!line.channels.has(runId) || this.#random.chance(this.weather.drop)) continue;
      this.#bring(line, () => line.listener.onRunEntry(runId, json));
    }
    return true;
  }

  /** The epoch under which words of a run were written. */
  epochOfWords(runId: string, attempt: number, itemId: string, offset: number): number | undefined {
    const found = (this.streams.get(runId) ?? []).map((json) => JSON.parse(json) as RunStreamEntry);
    return found.findLast((one) => one.k === 'text' && one.a === attempt && one.i === itemId && one.o <= offset)?.e;
  }

  /** A line is back: the subscriber has all its channels again. */
  restored(weather: GatewayWeather): void {
    for (const line of this.#lines) if (line.weather === weather) line.restored();
  }

  #unsubscribe(line: Line, channel: string): void {
    line.channels.delete(channel);
  }

  #publish(from: Line, packet: Packet): void {
    if (from.weather.isCutFromRedis || from.isClosed) return;
    const json = JSON.stringify(packet);
    this.#time.after(usualDelay(this.#random), () => {
      for (const line of this.#lines) {
        if (!line.channels.has(packet.scope)) continue;
        const bring = () => this.#bring(line, () => line.listener.onPacket(JSON.parse(json) as Packet));
        if (this.#random.chance(this.weather.drop)) continue;
        bring();
        if (this.#random.chance(this.weather.duplicate)) bring();
      }
    });
  }

  #bring(line: Line, deliver: () => void): void {
    const { weather } = this;
    let at = this.#time.now + usualDelay(this.#random);
    if (this.#random.chance(weather.delay)) at += this.#random.between(LATE.least, LATE.most);
    if (this.#random.chance(weather.reorder)) at += this.#random.between(1, 90);
    else at = Math.max(at, weather.delay > 0 ? at : line.lastAt);
    line.lastAt = Math.max(line.lastAt, at);
    const arrive = () => {
      if (line.isClosed || line.weather.isCutFromRedis) return;
      // A frozen process reads what waited once it goes on.
      if (line.weather.isFrozen) return void this.#time.after(50, arrive);
      deliver();
    };
    this.#time.at(at, arrive);
  }
}
