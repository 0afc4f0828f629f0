import { render } from '@testing-library/svelte';
import type { Component } from 'svelte';
import { App } from '#lib/state/app.svelte.ts';
import AppHost from './app-host.svelte';
import type { FakeClient } from './fake-client.ts';

/** What jsdom lacks and the page asks for. */
function furnish(): void {
  window.matchMedia ??= ((query: string) => ({
    matches: false,
    media: query,
    addEventListener: () => {},
    removeEventListener: () => {},
  })) as unknown as typeof window.matchMedia;
  Element.prototype.scrollTo ??= () => {};
  Element.prototype.scrollIntoView ??= () => {};
  Element.prototype.animate ??= (() => ({
    finished: Promise.resolve(),
    cancel: () => {},
  })) as unknown as typeof Element.prototype.animate;
}

/** Renders a component as its page would: with an app whose client is the fake. */
export async function renderWithApp<P extends Record<string, unknown>>(
  component: Component<P>,
  client: FakeClient,
  props: P,
) {
  furnish();
  const app = new App({ api: 'http://localhost' } as ConstructorParameters<typeof App>[0]);
  await app.work(() => client);
  const view = render(AppHost, {
    props: { app, component: component as unknown as Component<Record<string, unknown>>, props },
  });
  return { app, ...view };
}
