import type { Change } from '@muster/protocol/change';
import { item, runStatus, type Item } from '@muster/protocol/run';
import * as z from 'zod/mini';
import type { LoggedRunFact } from './run-fold.ts';

const loggedItem = z.object({ runId: z.string(), ...item.shape });
const loggedStatus = z.object({ status: runStatus, attempt: z.optional(z.int()) });

/** What changes of a thread say about its runs, in order. */
export function runFactsOf(changes: readonly Change[]): { runId: string; fact: LoggedRunFact }[] {
  const facts: { runId: string; fact: LoggedRunFact }[] = [];
  for (const { effects } of changes) {
    const texts = new Map<string, string>();
    for (const effect of effects) {
      if (effect.op === 'del') continue;
      const value = effect.op === 'put' ? effect.value : effect.fields;
      if (effect.type === 'message' && typeof value['text'] === 'string') texts.set(effect.id, value['text']);
      if (effect.type === 'run') {
        const { success, data } = z.safeParse(loggedStatus, value);
        if (success) facts.push({ runId: effect.id, fact: { status: data.status, attempt: data.attempt } });
      }
      if (effect.type === 'run_item' && effect.op === 'put') {
        const { success, data } = z.safeParse(loggedItem, { ...value, id: effect.id });
        if (!success) continue;
        const { runId, ...rest } = data;
        const text = textOf(rest, texts);
        facts.push({ runId, fact: { item: rest, ...(text === undefined ? {} : { text }) } });
      }
    }
  }
  return facts;
}

/** The message is put by the same change as the item that points to it. */
const textOf = ({ kind, body }: Item, texts: Map<string, string>): string | undefined =>
  kind === 'message' && 'messageId' in body ? texts.get(body.messageId) : undefined;
