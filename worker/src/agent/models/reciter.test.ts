import type { Model, ModelRequest, StreamEvent } from '@openai/agents';
import { expect, it } from 'vitest';
import { createReciter } from './reciter.ts';

const other: Model = {
  getResponse: () => Promise.reject(new Error('not asked')),
  async *getStreamedResponse() {
    yield { type: 'output_text_delta', delta: 'something else' };
  },
};

async function ask(said: string, signal?: AbortSignal): Promise<StreamEvent[]> {
  const { model } = createReciter({ model: other, name: 'other' });
  const request = {
    input: [{ role: 'user', content: said }],
    ...(signal ? { signal } : {}),
  } as unknown as ModelRequest;
  const events: StreamEvent[] = [];
  for await (const event of model.getStreamedResponse(request)) events.push(event);
  return events;
}

const deltasOf = (events: StreamEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'output_text_delta' ? [event.delta] : []));

it('says numbered words with the time at which each was said, and ends with all of them', async () => {
  const before = Date.now();
  const events = await ask('recite 12 words at 200 a second');
  const deltas = deltasOf(events);
  expect(deltas).toHaveLength(12);
  const words = deltas.join('').split(' ');
  expect(words.map((word) => Number(word.split(':')[0]))).toEqual([...Array(12).keys()]);
  const times = words.map((word) => parseInt(word.split(':')[1]!, 36));
  expect(times[0]).toBeGreaterThanOrEqual(before);
  expect(times.at(-1)! - times[0]!).toBeGreaterThanOrEqual(50);
  expect(deltas[10]).toContain('🎈');
  expect(events.at(-1)).toMatchObject({
    type: 'response_done',
    response: { output: [{ content: [{ text: deltas.join('') }] }] },
  });
});

it('leaves everything else to the model that it wraps', async () => {
  expect(deltasOf(await ask('recite a poem'))).toEqual(['something else']);
});

it('falls silent when it is told to', async () => {
  const ending = new AbortController();
  const asked = ask('recite 1000 words at 10 a second', ending.signal);
  ending.abort();
  await expect(asked).rejects.toThrow();
});
