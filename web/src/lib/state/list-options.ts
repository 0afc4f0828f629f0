/** How a list is looked at. It stands in the URL, so that a view can be linked to and survives a reload. */
export interface ListOptions {
  sort: 'manual' | 'due' | 'priority' | 'title' | 'created';
  group: 'none' | 'due' | 'priority' | 'label' | 'assignee';
  /** Whether the done tasks are unfolded. */
  showDone: boolean;
  labelId: string | null;
  assigneeId: string | null;
}

export const AS_IT_COMES: ListOptions = {
  sort: 'manual',
  group: 'none',
  showDone: false,
  labelId: null,
  assigneeId: null,
};

const SORTS = ['manual', 'due', 'priority', 'title', 'created'] as const;
const GROUPS = ['none', 'due', 'priority', 'label', 'assignee'] as const;

/** What is read of an address: Kit's is read-only. */
type Address = { pathname: string; searchParams: Pick<URLSearchParams, 'get' | 'toString'> };

/** Reads them from an address; what it does not understand is as it comes. */
export function readListOptions(url: Address): ListOptions {
  const query = url.searchParams;
  return {
    sort: SORTS.find((sort) => sort === query.get('sort')) ?? 'manual',
    group: GROUPS.find((group) => group === query.get('group')) ?? 'none',
    showDone: query.get('done') === '1',
    labelId: query.get('label'),
    assigneeId: query.get('assignee'),
  };
}

/** The address with these options changed, for `goto`; what is as it comes leaves it. */
export function withListOptions(url: Address, change: Partial<ListOptions>): string {
  const next = { ...readListOptions(url), ...change };
  const query = new URLSearchParams(url.searchParams.toString());
  const put = (name: string, value: string | null): void => {
    if (value === null) query.delete(name);
    else query.set(name, value);
  };
  put('sort', next.sort === 'manual' ? null : next.sort);
  put('group', next.group === 'none' ? null : next.group);
  put('done', next.showDone ? '1' : null);
  put('label', next.labelId);
  put('assignee', next.assigneeId);
  const text = query.toString();
  return text ? `${url.pathname}?${text}` : url.pathname;
}
