import { runIdOf } from '@muster/domain/run-ids';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { v7 } from 'uuid';
import { makeList, startGateways, type TestGateways } from './test/start-gateways.ts';

let product: TestGateways;
beforeAll(async () => {
  product = await startGateways(2);
});
afterAll(() => product.close());

const scrape = async (at: number): Promise<string> => (await fetch(`${product.gateways[at]!.url}/metrics`)).text();

test('every gateway tells of the queue and of what ended, whoever took the request', async () => {
  const client = await product.client(await product.person('Ada'));
  const { id: listId } = await makeList(client);
  const threadId = v7();
  await client.mutate('thread.create', { id: threadId, listId });
  await client.mutate('message.send', { id: v7(), threadId, text: 'plan it' });
  for (const at of [0, 1]) {
    expect(await scrape(at)).toMatch(/muster_run_queue_depth\{[^}]*status="queued"[^}]*\} 1\b/u);
    expect(await scrape(at)).not.toMatch(/muster_runs_last_hour\{/u);
  }
  const stopped = v7();
  const sent = await client.mutate('message.send', { id: stopped, threadId, text: 'and stop' });
  expect(sent.status).toBe('applied');
  await client.get('run:stop', { runId: runIdOf(stopped) });
  expect(await scrape(1)).toMatch(/muster_runs_last_hour\{[^}]*outcome="stopped"[^}]*\} 1\b/u);
});
