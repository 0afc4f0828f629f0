import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventsOf, type Api, type Turn } from './fake-provider-wire.ts';

/** What came in: enough to see what the real client sends. */
export interface ProviderRequest {
  api: Api;
  key: string | undefined;
  body: Record<string, unknown>;
  /** Resolves once the client has hung up or the answer has ended. */
  closed: Promise<void>;
}

/** What a scenario does with its n-th request (from 0). */
type Answer =
  | { turn: Turn }
  /** Sends the turn's first events, then `end`: hangs up, ends the stream politely, or says nothing more. */
  | { turn: Turn; events: number; end: 'destroy' | 'finish' | 'hang' }
  | { status: number; code?: string; headers?: Record<string, string> };

export const WORDS = 'These words come from the provider, one after the other.';

/** Named by the model that is asked for. `hasResult`: the last thing in the conversation is a tool's result. */
const SCENARIOS = {
  says: () => ({ turn: { text: WORDS } }),
  'adds-a-task': (_n, hasResult) =>
    hasResult
      ? { turn: { text: 'Added.' } }
      : { turn: { calls: [{ id: 'call_0', name: 'add_tasks', args: addArgs('From the provider') }] } },
  /** Two turns of calls that carry the same call id, as some servers' do. */
  'numbers-anew': (n) =>
    n < 2
      ? { turn: { calls: [{ id: 'call_0', name: 'add_tasks', args: addArgs(`Number ${n + 1}`) }] } }
      : { turn: { text: 'Both added.' } },
  'speaks-and-acts': (_n, hasResult) =>
    hasResult
      ? { turn: { text: 'Done.' } }
      : { turn: { text: 'Let me see.', calls: [{ id: 'call_0', name: 'list_tasks', args: listArgs }] } },
  'invents-a-tool': (_n, hasResult) =>
    hasResult
      ? { turn: { text: 'There is none.' } }
      : { turn: { calls: [{ id: 'call_0', name: 'send_email', args: '{}' }] } },
  'breaks-its-json': (_n, hasResult) =>
    hasResult
      ? { turn: { text: 'Sorry.' } }
      : { turn: { calls: [{ id: 'call_0', name: 'add_tasks', args: '{"tasks": [' }] } },
  'wrong-arguments': (_n, hasResult) =>
    hasResult
      ? { turn: { text: 'Sorry.' } }
      : { turn: { calls: [{ id: 'call_0', name: 'add_tasks', args: '{"tasks": 5}' }] } },
  'refuses-the-key': () => ({ status: 401, code: 'invalid_api_key' }),
  'does-not-know-it': () => ({ status: 404, code: 'model_not_found' }),
  'quota-is-used-up': () => ({ status: 429, code: 'insufficient_quota' }),
  'is-busy-once': (n) => (n === 0 ? { status: 429, headers: { 'retry-after': '0' } } : { turn: { text: WORDS } }),
  'is-busy': () => ({ status: 429, headers: { 'retry-after': '0' } }),
  'breaks-once': (n) => (n === 0 ? { status: 500 } : { turn: { text: WORDS } }),
  breaks: () => ({ status: 500 }),
  'hangs-up-once': (n) => (n === 0 ? { turn: { text: WORDS }, events: 4, end: 'destroy' } : { turn: { text: WORDS } }),
  'hangs-up': () => ({ turn: { text: WORDS }, events: 4, end: 'destroy' }),
  /** The stream ends politely, in the middle. */
  'is-cut-once': (n) => (n === 0 ? { turn: { text: WORDS }, events: 4, end: 'finish' } : { turn: { text: WORDS } }),
  'is-cut-twice': (n) => (n < 2 ? { turn: { text: WORDS }, events: 4, end: 'finish' } : { turn: { text: WORDS } }),
  /** Never sends a finish reason: its answers are whole all the same. */
  'never-finishes': () => ({ turn: { text: WORDS, hasNoFinish: true } }),
  'is-empty-once': (n) => (n === 0 ? { turn: { text: '' } } : { turn: { text: WORDS } }),
  'is-empty': () => ({ turn: { text: '' } }),
  'falls-silent': () => ({ turn: { text: WORDS }, events: 4, end: 'hang' }),
  'says-nothing': () => ({ turn: { text: WORDS }, events: 0, end: 'hang' }),
} satisfies Record<string, (n: number, hasResult: boolean) => Answer>;
export type Scenario = keyof typeof SCENARIOS;

const addArgs = (title: string): string => {
  const rest = { notes: null, due: null, priority: null, labels: null, assignees: null, children: null };
  return JSON.stringify({ list: null, parent: null, after: null, tasks: [{ title, ...rest }] });
};
const listArgs =
  '{"list":null,"status":null,"label":null,"assignee":null,"priority":null,"dueFrom":null,"dueTo":null,"offset":null,"limit":null}';

export interface FakeProvider {
  /** For OPENAI_BASE_URL. */
  url: string;
  requests: ProviderRequest[];
  close(): Promise<void>;
}

/** A model provider over HTTP, as far as our client can tell: Responses and Chat Completions, streamed. */
export async function startFakeProvider(): Promise<FakeProvider> {
  const requests: ProviderRequest[] = [];
  const counts = new Map<string, number>();
  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const api: Api = request.url?.endsWith('/responses') ? 'responses' : 'chat_completions';
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    const closed = new Promise<void>((resolve) => response.once('close', () => resolve()));
    requests.push({ api, key: request.headers.authorization, body, closed });
    const scenario = String(body['model']);
    const n = counts.get(scenario) ?? 0;
    counts.set(scenario, n + 1);
    const answerOf = (SCENARIOS as Record<string, ((n: number, hasResult: boolean) => Answer) | undefined>)[scenario];
    if (!answerOf) throw new Error(`no scenario ${scenario}`);
    const answer = answerOf(n, endsInResult(body));
    if ('status' in answer) return refuse(response, answer);
    const events = eventsOf(api, answer.turn);
    const count = 'events' in answer ? answer.events : events.length;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    for (const event of events.slice(0, count)) response.write(event);
    const end = 'end' in answer ? answer.end : 'finish';
    if (end === 'finish') response.end();
    // What was written leaves first: a client that saw nothing would be another scenario.
    if (end === 'destroy') setTimeout(() => response.destroy(), 20);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function refuse(
  response: ServerResponse,
  { status, code, headers = {} }: { status: number; code?: string; headers?: Record<string, string> },
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  // Providers repeat keys and prompts in their messages: none of it may reach a person or a log.
  const message = `Incorrect API key provided: sk-SECRET-IN-MESSAGE.`;
  response.end(JSON.stringify({ error: { message, type: 'error', code: code ?? null } }));
}

function endsInResult(body: Record<string, unknown>): boolean {
  const conversation = (body['input'] ?? body['messages']) as { type?: string; role?: string }[];
  const last = conversation.at(-1);
  return last?.type === 'function_call_output' || last?.role === 'tool';
}
