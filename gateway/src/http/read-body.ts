import type { IncomingMessage } from 'node:http';
import { MusterError } from '@muster/protocol/error';
import { LIMITS } from '@muster/protocol/limits';

const tooLarge = () => new MusterError('too_large', `The body may have at most ${LIMITS.httpBodyBytes} bytes.`);

/** What is too large is read on and thrown away up to here, so that whoever still sends it gets to hear the answer. */
const MOST_DISCARDED_BYTES = 20_000_000;

/**
 * The request's body, whole.
 * @throws {MusterError} `too_large` past `LIMITS.httpBodyBytes`
 */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  const isTooLarge = Number(request.headers['content-length'] ?? 0) > LIMITS.httpBodyBytes;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= LIMITS.httpBodyBytes && !isTooLarge) return void chunks.push(chunk);
      chunks.length = 0;
      reject(tooLarge());
      if (size > MOST_DISCARDED_BYTES) request.destroy();
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', () => reject(new MusterError('invalid', 'The body did not arrive whole.')));
    request.once('close', () => reject(new MusterError('invalid', 'The body did not arrive whole.')));
  });
}

/**
 * The request's JSON; an empty body is `undefined`.
 * @throws {MusterError} `invalid` for another content type, for what is not JSON or not UTF-8; `too_large`
 */
export async function readJson(request: IncomingMessage): Promise<{ value: unknown; bytes: Buffer }> {
  const bytes = await readBody(request);
  if (bytes.length === 0) return { value: undefined, bytes };
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type !== 'application/json' && !type.endsWith('+json')) {
    throw new MusterError('invalid', 'Send JSON, with content-type: application/json.');
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new MusterError('invalid', 'The body is not valid JSON.');
  }
  return { value, bytes };
}
