import http, { type BatchRequest, type Response } from 'k6/http';
import { fail } from 'k6';

/** Someone without an account: made in a millisecond, where a password would cost a tenth of a second. */
export interface Guest {
  token: string;
  userId: string;
}

const AT_ONCE = 20;
const WITHIN = '60s';

/** Accounts, lists and their members, over the public API. @throws where something is refused */
export class Api {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  createGuests(count: number): Guest[] {
    const request = () => this.#post('/api/auth/sign-in/anonymous', {}, undefined);
    return this.#all(Array.from({ length: count }, request)).map((response) => ({
      token: String(header(response, 'set-auth-token')),
      userId: (response.json() as { user: { id: string } }).user.id,
    }));
  }

  /** A list of each owner's. @returns their ids */
  createLists(owners: readonly Guest[]): string[] {
    const requests = owners.map(({ token }, n) => this.#post('/api/v1/lists', { title: `Load ${n}` }, token));
    return this.#all(requests).map((response) => (response.json() as { id: string }).id);
  }

  /** Conversations, each in a list or its beginner's own. @returns their ids */
  createThreads(threads: readonly { listId: string | undefined; by: Guest }[]): string[] {
    const requests = threads.map(({ listId, by }) =>
      this.#post('/api/v1/threads', { listId, title: 'Load' }, by.token),
    );
    return this.#all(requests).map((response) => (response.json() as { id: string }).id);
  }

  /** Lets people into lists, as editors. */
  letIn(lists: readonly { id: string; owner: Guest; others: readonly Guest[] }[]): void {
    const links = this.#all(
      lists.map(({ id, owner }) => this.#post(`/api/v1/lists/${id}/links`, { role: 'editor' }, owner.token)),
    ).map((response) => (response.json() as { secret: string }).secret);
    const entries = lists.flatMap(({ others }, n) => others.map(({ token }) => ({ secret: links[n]!, token })));
    this.#all(entries.map(({ secret, token }) => this.#post('/api/v1/links/accept', { secret }, token)));
  }

  #post(path: string, body: object, token: string | undefined): BatchRequest {
    const headers = {
      'content-type': 'application/json',
      ...(token === undefined ? { origin: originOf(this.#url) } : { authorization: `Bearer ${token}` }),
    };
    // No cookies: guests of one process would take each other's places.
    const params = { headers, timeout: WITHIN, jar: new http.CookieJar(), tags: { name: nameOf(path) } };
    return { method: 'POST', url: this.#url + path, body: JSON.stringify(body), params };
  }

  #all(requests: BatchRequest[]): Response[] {
    const responses: Response[] = [];
    while (requests.length > 0) responses.push(...(http.batch(requests.splice(0, AT_ONCE)) as Response[]));
    const bad = responses.find(({ status }) => status < 200 || status > 299);
    if (bad !== undefined) fail(`${bad.request.url}: ${bad.status} ${String(bad.body ?? bad.error).slice(0, 200)}`);
    return responses;
  }
}

/** One name for all addresses of a kind, or k6 keeps figures for each list. */
const nameOf = (path: string): string => path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{id}');

const originOf = (url: string): string => /^https?:\/\/[^/]+/.exec(url)?.[0] ?? url;

const header = ({ headers }: Response, name: string): string | undefined =>
  Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
