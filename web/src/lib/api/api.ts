import { MusterError, type ErrorCode, type ErrorDetails } from '@muster/protocol/error';

/** Answers by HTTP, for what is not in the log: links, addresses of members, accepting an invitation. */
export class Api {
  /** Origin of the server, without a trailing slash. */
  readonly origin: string;

  constructor(origin: string) {
    this.origin = origin;
  }

  get = <T>(path: string): Promise<T> => this.#call<T>('GET', path);
  post = <T>(path: string, body: unknown = {}): Promise<T> => this.#call<T>('POST', path, body);
  patch = <T>(path: string, body: unknown): Promise<T> => this.#call<T>('PATCH', path, body);
  delete = <T = void>(path: string, body?: unknown): Promise<T> => this.#call<T>('DELETE', path, body);

  /** @throws {MusterError} the problem's code; `unavailable` where the server cannot be reached */
  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    let answer: Response;
    try {
      answer = await fetch(`${this.origin}${path}`, {
        method,
        credentials: 'include',
        headers: body === undefined ? {} : { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch {
      throw new MusterError('unavailable', 'The server cannot be reached.');
    }
    const text = await answer.text();
    const json = parse(text);
    if (answer.ok) return json as T;
    throw problem(answer.status, json);
  }
}

interface Problem {
  code?: string;
  detail?: string;
  title?: string;
  message?: string;
  details?: ErrorDetails;
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

const BY_STATUS: Record<number, ErrorCode> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  413: 'too_large',
  429: 'rate_limited',
  503: 'unavailable',
};

function problem(status: number, json: unknown): MusterError {
  const said = (json ?? {}) as Problem;
  const code = BY_STATUS[status] ?? (status >= 500 ? 'unavailable' : 'invalid');
  return new MusterError(code, said.detail ?? said.message ?? said.title ?? 'The server gave no reason.', {
    ...said.details,
    ...(said.code ? { said: said.code } : {}),
  });
}
