import type { HistoryPage, ListAt } from '@muster/protocol/http-history';
import type { Api } from './api.ts';

/** What a list's past asks by HTTP: the page holds the present alone. */
export class Past {
  readonly #api: Api;
  readonly #path: string;

  constructor(api: Api, listId: string) {
    this.#api = api;
    this.#path = `/api/v1/lists/${listId}`;
  }

  /** A page of changes, newest first; of one task, of one person or the agent. */
  history(search: { cursor?: string; taskId?: string; actorId?: string; limit?: number }): Promise<HistoryPage> {
    return this.#api.get(`${this.#path}/history${queryOf(search)}`);
  }

  /** The list after a change, page after page. */
  async at(seq: number): Promise<ListAt> {
    const first = await this.#api.get<ListAt>(`${this.#path}/at${queryOf({ seq })}`);
    const items = [...first.items];
    for (let cursor = first.next; cursor !== undefined;) {
      const page: ListAt = await this.#api.get(`${this.#path}/at${queryOf({ seq, cursor })}`);
      items.push(...page.items);
      cursor = page.next;
    }
    const { next: _, ...rest } = first;
    return { ...rest, items };
  }
}

function queryOf(search: Record<string, string | number | undefined>): string {
  const given = Object.entries(search).filter(([, value]) => value !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}
