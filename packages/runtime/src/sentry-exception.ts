/** An error as the log has it (`serializeError`). */
export interface SerializedError {
  type?: unknown;
  code?: unknown;
  message?: unknown;
  stack?: unknown;
  cause?: unknown;
}

const MOST_CAUSES = 4;
const MOST_FRAMES = 60;
const MESSAGE_LENGTH = 400;
/** As V8 says it, and as other browsers do. */
const FRAMES = [/^\s*at (?:(.*?) \()?(.+?):(\d+):(\d+)\)?$/, /^(.*?)@(.+?):(\d+):(\d+)$/];

/** What leaves the house says less than the log: what is quoted in a message may be somebody's words, or an address. */
export const withoutWords = (message: string): string =>
  message
    .slice(0, MESSAGE_LENGTH)
    // An apostrophe within a word is none of these.
    .replaceAll(/(?<!\p{L})["'`“‘«].*?(?:["'`”’»](?!\p{L})|$)/gu, '"…"')
    .replaceAll(/[^\s@<>]+@[^\s@<>]+/g, '…@…')
    .replaceAll(/([?#])\S+/g, '$1…');

/** The causes first, as https://develop.sentry.dev/sdk/data-model/event-payloads/exception/ wants it. */
export function toException(fault: SerializedError): unknown[] {
  const values: unknown[] = [];
  for (let one: SerializedError | undefined = fault; one && values.length < MOST_CAUSES;) {
    const { type, code, message, stack, cause }: SerializedError = one;
    const name = typeof type === 'string' ? type : 'Error';
    const frames = typeof stack === 'string' ? toFrames(stack) : [];
    values.unshift({
      type: typeof code === 'string' ? `${name} ${code}` : name,
      value: typeof message === 'string' ? withoutWords(message) : '',
      ...(frames.length > 0 ? { stacktrace: { frames } } : {}),
    });
    one = typeof cause === 'object' && cause !== null ? (cause as SerializedError) : undefined;
  }
  return values;
}

/** The newest call last. */
function toFrames(stack: string): unknown[] {
  return stack
    .split('\n')
    .slice(0, MOST_FRAMES)
    .flatMap((text) => {
      const [, name, file, line, column] = FRAMES.map((form) => form.exec(text)).find(Boolean) ?? [];
      if (file === undefined) return [];
      return [
        {
          function: name ?? '?',
          filename: withoutWords(file.replace(/^file:\/\//, '')),
          lineno: Number(line),
          colno: Number(column),
          in_app: !/node:|node_modules/.test(file),
        },
      ];
    })
    .reverse();
}
