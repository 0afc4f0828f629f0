import { randomUUID } from 'node:crypto';
import type { Ack, ScopeResult } from '@muster/protocol/client-events';
import type { WireEntity } from '@muster/protocol/entity';
import { PROTOCOL_VERSION } from '@muster/protocol/version';
import { io, type Socket } from 'socket.io-client';
import type { ScopeRow } from '../../oracles/log.ts';
import { imageOf, type ScopeImage } from '../../oracles/scope-image.ts';

const ANSWER_WITHIN_MS = 60_000;

/**
 * What each living scope holds, as a newcomer is told who may see it. (That the rows say the same as the log is judged
 * apart, by folding the log.)
 *
 * @param tokenOf of one who may see what is below an acl; undefined where nobody of ours may
 */
export async function readImages(
  url: string,
  scopes: ScopeRow[],
  tokenOf: (acl: string) => string | undefined,
): Promise<Map<string, ScopeImage>> {
  const byToken = new Map<string, string[]>();
  for (const { scope, acl, isGone } of scopes) {
    const token = isGone ? undefined : tokenOf(acl);
    if (token !== undefined) byToken.set(token, [...(byToken.get(token) ?? []), scope]);
  }
  const images = new Map<string, ScopeImage>();
  for (const [token, wanted] of byToken) {
    const socket = await enter(url, token);
    try {
      for (const scope of wanted) {
        const image = await readImage(socket, scope);
        if (image) images.set(scope, image);
      }
    } finally {
      socket.disconnect();
    }
  }
  return images;
}

async function readImage(socket: Socket, scope: string): Promise<ScopeImage | undefined> {
  const { results } = await ask<{ results: ScopeResult[] }>(socket, 'scope:open', { scopes: [{ scope }] });
  const [result] = results;
  if (result?.kind !== 'snapshot') return undefined;
  const entities = [...result.entities];
  for (let { next } = result; next !== undefined;) {
    const page = await ask<{ entities: WireEntity[]; next?: string }>(socket, 'scope:page', { scope, next });
    entities.push(...page.entities);
    next = page.next;
  }
  return imageOf(scope, result.seq, entities);
}

async function enter(url: string, token: string): Promise<Socket> {
  const socket = io(url, {
    ...{ transports: ['websocket'], forceNew: true },
    auth: { clientId: randomUUID(), protocol: PROTOCOL_VERSION, token },
  });
  await new Promise<void>((resolve) => socket.once('hello', () => resolve()));
  return socket;
}

async function ask<T>(socket: Socket, event: string, data: unknown): Promise<T> {
  const answer = (await socket.timeout(ANSWER_WITHIN_MS).emitWithAck(event, data)) as Ack<T>;
  if (!answer.ok) throw new Error(`${event}: ${answer.error.code} ${answer.error.message}`);
  return answer.data;
}
