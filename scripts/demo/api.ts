/** A person over the public API, as any script would use it. */
export interface Person {
  name: string;
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
  patch<T>(path: string, body: unknown): Promise<T>;
}

export interface Account {
  name: string;
  email: string;
  password: string;
}

/** Signs somebody up, or in if they are known already. @throws with the server's words if neither is possible */
export async function enter(url: string, account: Account): Promise<Person> {
  const token = (await authenticate(url, 'sign-up', account)) ?? (await authenticate(url, 'sign-in', account));
  if (token === undefined) throw new Error(`${account.email} can neither sign up nor sign in.`);
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (response.status === 204 ? undefined : await response.json()) as T;
  };
  return {
    name: account.name,
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
    patch: (path, body) => call('PATCH', path, body),
  };
}

async function authenticate(url: string, way: 'sign-up' | 'sign-in', account: Account): Promise<string | undefined> {
  const response = await fetch(`${url}/api/auth/${way}/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: new URL(url).origin },
    body: JSON.stringify(account),
  });
  await response.arrayBuffer();
  if (response.ok) return response.headers.get('set-auth-token') ?? undefined;
  if (response.status >= 500 || response.status === 429)
    throw new Error(`${way}: the server answers ${response.status}.`);
  return undefined;
}
