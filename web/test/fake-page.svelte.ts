import type { goto as realGoto } from '$app/navigation';

const URL_OF_A_LIST = /^\/lists\/([^/]+)/u;

/**
 * The router's page for tests of what moves about: `goto` changes the address as the router would, one microtask later.
 * `vi.mock('$app/state', () => import('…/fake-page.svelte.ts'))`, and the same for `$app/navigation`.
 */
class FakePage {
  url: URL = $state.raw(new URL('http://localhost/'));

  get params(): { id?: string } {
    const id = URL_OF_A_LIST.exec(this.url.pathname)?.[1];
    return id === undefined ? {} : { id };
  }
  get route(): { id: string } {
    return { id: this.params.id === undefined ? '/(app)/home' : '/(app)/lists/[id]' };
  }
}

export const page = new FakePage();

export const goto: typeof realGoto = async (to) => {
  await Promise.resolve();
  page.url = new URL(to, page.url);
};
export const afterNavigate = (): void => {};
