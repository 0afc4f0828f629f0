/** People who write through a gateway: each waits for its answer before it writes again. */
import { v7 } from 'uuid';
import type { Slice } from '../commit/pgbench.ts';
import { serve } from '../processes/serve.ts';
import { WireClient } from '../product/wire-client.ts';
import { quantileOf } from '../statistics.ts';

interface Writer {
  client: WireClient;
  listId: string;
  taskIds: string[];
  writes: number;
}
const groups = new Map<string, Writer[]>();
const TASKS = 20;

/** @param listId the list of all of them; without, each makes one */
async function join(options: { group: string; url: string; tokens: string[]; listId?: string }): Promise<void> {
  const writers: Writer[] = [];
  for (const token of options.tokens) {
    const client = await WireClient.connect(options.url, token);
    const listId = options.listId ?? v7();
    if (options.listId === undefined) await client.mutate('list.create', { id: listId, title: 'Measured' });
    const isFirst = options.listId === undefined || writers.length === 0;
    const taskIds = isFirst ? await client.createTasks(listId, TASKS) : writers[0]!.taskIds;
    writers.push({ client, listId, taskIds, writes: 0 });
  }
  groups.set(options.group, writers);
}

async function slice({ group, seconds }: { group: string; seconds: number }): Promise<Slice> {
  const began = performance.now();
  const until = began + seconds * 1_000;
  const tookMs: number[] = [];
  await Promise.all(
    groups.get(group)!.map(async (writer) => {
      while (performance.now() < until) {
        const at = performance.now();
        await write(writer);
        tookMs.push(performance.now() - at);
      }
    }),
  );
  return { perSecond: (tookMs.length * 1_000) / (performance.now() - began), p50Ms: quantileOf(tookMs, 0.5) };
}

/** The same mix as without sockets: one in five makes a task, one completes one, the rest rename. */
async function write(writer: Writer): Promise<void> {
  const { client, listId, taskIds } = writer;
  const turn = ++writer.writes;
  const id = taskIds[(turn * 7) % taskIds.length];
  if (turn % 5 === 0) await client.mutate('task.create', { id: v7(), listId, title: `Made in ${turn}` });
  else if (turn % 5 === 1) await client.mutate('task.complete', { id, done: Math.floor(turn / 100) % 2 === 0 });
  else await client.mutate('task.update', { id, fields: { title: `Renamed in ${turn} of ${client.clientId}` } });
}

const calls = { join, slice };
export type WritersCalls = typeof calls;
serve(calls);
