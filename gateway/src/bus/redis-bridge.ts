import { randomUUID } from 'node:crypto';
import type { Packet } from '@muster/protocol/change';
import type { ScopeId } from '@muster/protocol/id';
import type { RedisNames } from '@muster/protocol/internal/channels';
import { RUN_STREAM_FIELD } from '@muster/protocol/internal/run-stream';
import type { RedisConnections } from '@muster/runtime/redis';
import type { CommitTraces } from '@muster/runtime/trace-commits';
import type { Tracing } from '@muster/runtime/tracing';
import type { Redis } from 'ioredis';
import type { BusMetrics } from './bus-metrics.ts';
import type { Subscriptions } from './entry-table.ts';
import { parsePacket } from './packets.ts';
import type { RunStreams } from './run-feed.ts';

/** Longer than a healthy Redis ever takes, shorter than people wait: what is not heard is found by positioning. */
const CONFIRM_WITHIN_MS = 1_000;
const ECHO_WITHIN_MS = 1_000;

export interface RedisBridge extends Subscriptions {
  streams: RunStreams;
  /** Never throws. */
  publish(packets: Packet[]): void;
  isUp(): boolean;
  /** Publishes to itself and listens. */
  isHearing(): Promise<boolean>;
  close(): void;
}

export interface BridgeListener {
  onPacket(packet: Packet): void;
  onRunEntry(runId: string, json: string): void;
  /** The subscriber is (back) there, with all its channels. */
  onReady(): void;
}

/** The bus's side of Redis: one subscriber for scopes and runs, one publisher, one connection for streams. */
export function createRedisBridge({
  redis,
  names,
  gatewayId,
  metrics,
  listener: { onPacket, onRunEntry, onReady },
  tracing,
  traces,
}: {
  redis: RedisConnections;
  names: RedisNames;
  gatewayId: string;
  metrics: BusMetrics;
  listener: BridgeListener;
  tracing: Tracing;
  /** Where the packets of this process's commits come from. */
  traces: CommitTraces;
}): RedisBridge {
  const subscriber = redis.get('subscriber');
  const publisher = redis.get('publisher');
  const commands = redis.get('commands');
  const echoes = new Map<string, () => void>();
  const echoChannel = names.echoChannel(gatewayId);
  const channels = new Set<string>([echoChannel]);

  const onMessage = (channel: string, message: string) => {
    const scope = names.scopeOfChannel(channel);
    if (scope !== undefined) {
      const read = parsePacket(message);
      if (read === undefined || read.scope !== scope) return metrics.packets.inc({ outcome: 'unreadable' });
      const { trace: parent, ...packet } = read;
      const attributes = { 'messaging.system': 'redis', 'muster.scope': scope, 'muster.gateway': gatewayId };
      return tracing.span('receive', { kind: 'consumer', parent, attributes }, () => onPacket(packet));
    }
    const runId = names.runOfChannel(channel);
    if (runId !== undefined) return onRunEntry(runId, message);
    if (channel === echoChannel) echoes.get(message)?.();
  };
  const onSubscriberReady = () => {
    // ioredis subscribes again by itself, but tells nobody when that is done: ours is answered behind its own.
    confirm(subscriber, [...channels]).then(onReady, () => undefined);
  };
  subscriber.on('message', onMessage);
  subscriber.on('ready', onSubscriberReady);
  if (subscriber.status === 'ready') onSubscriberReady();

  const subscribe = async (added: string[]) => {
    for (const channel of added) channels.add(channel);
    await confirm(subscriber, added);
  };
  const unsubscribe = (channel: string) => {
    channels.delete(channel);
    subscriber.unsubscribe(channel).catch(() => undefined);
  };

  return {
    subscribe: (scopes: ScopeId[]) => subscribe(scopes.map(names.scopeChannel)),
    unsubscribe: (scope: ScopeId) => unsubscribe(names.scopeChannel(scope)),
    streams: {
      subscribe: (runId) => subscribe([names.runChannel(runId)]),
      unsubscribe: (runId) => unsubscribe(names.runChannel(runId)),
      readAfter: async (runId, n) => {
        const entries = await commands.xrange(names.runStream(runId), n === 0 ? '-' : `(${n}-0`, '+');
        return entries.map(([, fields]) => fields[fields.indexOf(RUN_STREAM_FIELD) + 1] ?? '');
      },
    },
    publish: (packets) => {
      for (const packet of packets) {
        traces
          .publish(packet, (json) => publisher.publish(names.scopeChannel(packet.scope), json))
          .catch(() => metrics.publishFailures.inc());
      }
    },
    isUp: () => subscriber.status === 'ready',
    isHearing: () => hear(publisher, echoChannel, echoes),
    close: () => {
      subscriber.off('message', onMessage);
      subscriber.off('ready', onSubscriberReady);
    },
  };
}

/** Settles when Redis has confirmed, or after a moment: a Redis that is away must not keep anyone from opening. */
async function confirm(subscriber: Redis, channels: string[]): Promise<void> {
  const asked = subscriber.subscribe(...channels).then(
    () => undefined,
    () => undefined,
  );
  if (subscriber.status !== 'ready') return;
  await within(asked, CONFIRM_WITHIN_MS);
}

async function hear(publisher: Redis, channel: string, echoes: Map<string, () => void>): Promise<boolean> {
  const word = randomUUID();
  const heard = new Promise<void>((resolve) => echoes.set(word, resolve));
  try {
    await publisher.publish(channel, word);
    return await within(heard, ECHO_WITHIN_MS);
  } catch {
    return false;
  } finally {
    echoes.delete(word);
  }
}

/** Whether `work` was done in time. */
async function within(work: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  const isDone = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return isDone;
}
