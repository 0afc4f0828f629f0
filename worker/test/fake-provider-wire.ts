/** One turn of a model in the two languages that providers speak. */
export type Api = 'responses' | 'chat_completions';

export interface Turn {
  text?: string;
  calls?: { id: string; name: string; args: string }[];
  /** Chat Completions without a finish reason and without [DONE]. */
  hasNoFinish?: boolean;
}

const sse = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;
const words = (text: string): string[] => text.match(/\s*\S+/g) ?? [];

/** The turn as server-sent events. */
export const eventsOf = (api: Api, turn: Turn): string[] => (api === 'responses' ? responses(turn) : chat(turn));

function responses({ text = '', calls = [] }: Turn): string[] {
  const message = {
    type: 'message',
    id: 'msg_1',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text, annotations: [] }],
  };
  const output = [
    ...(text === '' ? [] : [message]),
    ...calls.map(({ id, name, args }, index) => ({
      type: 'function_call',
      id: `fc_${index}`,
      call_id: id,
      name,
      arguments: args,
      status: 'completed',
    })),
  ];
  const response = { id: 'resp_1', object: 'response', status: 'in_progress', output: [] };
  return [
    sse({ type: 'response.created', response }),
    ...words(text).map((delta) =>
      sse({ type: 'response.output_text.delta', item_id: 'msg_1', output_index: 0, content_index: 0, delta }),
    ),
    sse({
      type: 'response.completed',
      response: {
        ...response,
        status: 'completed',
        output,
        usage: { input_tokens: 7, output_tokens: 5, total_tokens: 12 },
      },
    }),
  ];
}

function chat({ text = '', calls = [], hasNoFinish = false }: Turn): string[] {
  const chunk = (delta: unknown, finish: string | null = null): string =>
    sse({ id: 'chat_1', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] });
  const spoken = words(text).map((content) => chunk({ content }));
  // Arguments come in pieces, as from the real one.
  const called = calls.flatMap(({ id, name, args }, index) => [
    chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }),
    ...[args.slice(0, 9), args.slice(9)].map((part) =>
      chunk({ tool_calls: [{ index, function: { arguments: part } }] }),
    ),
  ]);
  if (hasNoFinish) return [...spoken, ...called];
  return [
    chunk({ role: 'assistant', content: '' }),
    ...spoken,
    ...called,
    chunk({}, calls.length > 0 ? 'tool_calls' : 'stop'),
    sse({ id: 'chat_1', choices: [], usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 } }),
    'data: [DONE]\n\n',
  ];
}
