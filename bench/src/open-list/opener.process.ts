/** Someone who opens a list, and someone who has it open already, so that the gateway is warm. */
import { serve } from '../processes/serve.ts';
import { WireClient } from '../product/wire-client.ts';

let opener: WireClient;
let listId = '';

async function fill(options: { url: string; token: string; listId: string; tasks: number }): Promise<void> {
  ({ listId } = options);
  const watcher = await WireClient.connect(options.url, options.token);
  await watcher.createTasks(listId, options.tasks);
  await watcher.open(listId);
  opener = await WireClient.connect(options.url, options.token);
}

/** From asking until the last page is there and read. */
async function open(): Promise<{ tookMs: number; tasks: number }> {
  const began = performance.now();
  const entities = await opener.open(listId);
  const tookMs = performance.now() - began;
  await opener.ask('scope:close', { scope: `list:${listId}` });
  return { tookMs, tasks: entities.filter(({ type }) => type === 'task').length };
}

const calls = { fill, open };
export type OpenerCalls = typeof calls;
serve(calls);
