import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { parseConfig } from './config.ts';
import { createTracing, noTracing, tracingVariables, type Tracing } from './tracing.ts';

interface Sent {
  headers: Record<string, unknown>;
  resource: unknown;
  spans: { name: string; traceId: string; parentSpanId?: string; status?: unknown; attributes: unknown[] }[];
}
let sent: Sent[];
let url: string;
let stop: () => void;
beforeEach(async () => {
  sent = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const bytes of request) body += String(bytes);
    response.end('{}');
    const [{ resource, scopeSpans }] = JSON.parse(body).resourceSpans;
    sent.push({ headers: request.headers, resource, spans: scopeSpans[0].spans });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stop = () => void server.close();
});
afterEach(() => stop());

const logger = { warn: () => undefined };
const open = (env: Record<string, string> = {}): Promise<Tracing> =>
  createTracing(parseConfig(z.object(tracingVariables), { OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/`, ...env }), {
    ...{ name: 'muster-test', logger },
  });
const spans = () => sent.flatMap((one) => one.spans);
const text = (key: string, value: string) => ({ key, value: { stringValue: value } });
const FROM = `00-${'a'.repeat(32)}-${'b'.repeat(16)}`;

test('without an address nothing is traced: what is done within a span is simply done', async () => {
  const tracing = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: '' });
  expect(tracing).toBe(noTracing);
  expect(tracing.span('x', { isRoot: true }, () => 7)).toBe(7);
  expect(tracing.carry()).toBeUndefined();
});

test('spans say whose part they are, over turns of the event loop; parts without a whole are none', async () => {
  const tracing = await open({
    OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%2Cb,other=1',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test',
  });
  tracing.span('alone', {}, () => undefined);
  await tracing.span('root', { isRoot: true }, async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    tracing.span('part', {}, () => tracing.begin('held')?.end());
  });
  await tracing.close();
  expect(spans().map(({ name }) => name)).toEqual(['held', 'part', 'root']);
  const [held, part, root] = spans() as (Sent['spans'][number] & { spanId: string })[];
  expect([held!.parentSpanId, part!.parentSpanId, root!.parentSpanId]).toEqual([part!.spanId, root!.spanId, undefined]);
  expect(new Set(spans().map(({ traceId }) => traceId)).size).toBe(1);
  expect(sent[0]!.headers).toMatchObject({ 'x-key': 'a,b', other: '1', 'content-type': 'application/json' });
  expect(sent[0]!.resource).toEqual({
    attributes: [text('service.name', 'muster-test'), text('deployment.environment', 'test')],
  });
});

test('a fault is told by its code or name, never by its message, and goes on to whoever asked', async () => {
  const tracing = await open();
  const fault = Object.assign(new Error('Buy milk'), { code: 'conflict' });
  await expect(tracing.span('one', { isRoot: true }, () => Promise.reject(fault))).rejects.toBe(fault);
  expect(() =>
    tracing.span('two', { isRoot: true }, () => {
      throw new TypeError('Buy bread');
    }),
  ).toThrow(TypeError);
  await tracing.close();
  expect(spans().map(({ status, attributes }) => [status, attributes])).toEqual([
    [{ code: 2 }, [text('error.type', 'conflict')]],
    [{ code: 2 }, [text('error.type', 'TypeError')]],
  ]);
  expect(JSON.stringify(sent)).not.toContain('Buy');
});

test.each([
  ['parentbased_always_on', undefined, ['own', 'sampled']],
  ['parentbased_always_off', undefined, ['sampled']],
  ['parentbased_traceidratio', '0', ['sampled']],
  ['traceidratio', '0', []],
  ['always_on', undefined, ['own', 'sampled', 'not sampled']],
  ['always_off', undefined, []],
])('%s decides what is told', async (sampler, arg, expected) => {
  const tracing = await open({ OTEL_TRACES_SAMPLER: sampler, ...(arg ? { OTEL_TRACES_SAMPLER_ARG: arg } : {}) });
  tracing.span('own', { isRoot: true }, () => undefined);
  tracing.span('sampled', { parent: `${FROM}-01` }, () => undefined);
  tracing.span('not sampled', { parent: `${FROM}-00` }, () => undefined);
  tracing.span('nonsense', { parent: 'nonsense' }, () => undefined);
  await tracing.close();
  expect(spans().map(({ name }) => name)).toEqual(expected);
});

test('a share is of all traces, and the same ones in every process', async () => {
  const [one, other] = [
    await open({ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' }),
    await open({ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' }),
  ];
  let kept = 0;
  for (let n = 0; n < 400; n += 1)
    one.span('one', { isRoot: true }, () => {
      const parent = one.carry();
      if (parent === undefined) return;
      kept += 1;
      other.span('other', { parent }, () => expect(other.carry()).toBeDefined());
    });
  await Promise.all([one.close(), other.close()]);
  expect(kept).toBeGreaterThan(120);
  expect(kept).toBeLessThan(280);
});
