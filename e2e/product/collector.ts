import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as a collector got it, in the words of a test. */
export interface TakenSpan {
  service: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  attributes: Record<string, unknown>;
  events: string[];
}

interface Pair {
  key: string;
  value: Record<string, unknown>;
}

const fromPairs = (pairs: Pair[]): Record<string, unknown> =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]]));

/** Stands in for an OpenTelemetry collector: OTLP over HTTP in JSON. */
export async function startCollector() {
  const spans: TakenSpan[] = [];
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const bytes of request) body += String(bytes);
    const isRight = request.url === '/v1/traces' && request.headers['content-type'] === 'application/json';
    response.writeHead(isRight ? 200 : 400, { 'content-type': 'application/json' }).end('{}');
    if (!isRight) return;
    bodies.push(body);
    for (const { resource, scopeSpans } of JSON.parse(body).resourceSpans)
      for (const span of scopeSpans.flatMap((scope: { spans: object[] }) => scope.spans))
        spans.push({
          ...span,
          service: fromPairs(resource.attributes)['service.name'] as string,
          attributes: fromPairs(span.attributes),
          events: span.events.map(({ name }: { name: string }) => name),
        });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    bodies,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
