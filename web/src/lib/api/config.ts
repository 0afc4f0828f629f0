import type { Transport } from '@muster/client/types';

const KEY = 'muster:config';
const TRACES_KEY = 'muster:traces';
const ERRORS_KEY = 'muster:errors';

/** Where the server is. Runtime configuration, so that a CDN may serve the page for any server. */
export interface Config {
  api: string;
  /** Where the operator traces clicks: wraps the client's transport. */
  trace?: (inner: Transport) => Transport;
}

/**
 * Reads `/config.json`. A known answer is used at once and looked up again behind it, so that the page opens without
 * a network; without one, or with nothing in it, the server is where the page came from.
 */
export async function loadConfig(): Promise<Config> {
  const known = localStorage.getItem(KEY);
  const asked = ask();
  const api = known ?? (await asked);
  if (localStorage.getItem(ERRORS_KEY) !== null)
    void import('./report-errors.ts').then(({ reportErrors }) => reportErrors(api)).catch(() => undefined);
  const share = Number(localStorage.getItem(TRACES_KEY) ?? 0);
  if (!(share > 0)) return { api };
  const loaded = await import('./trace-clicks.ts').catch(() => undefined);
  return loaded ? { api, trace: (inner) => loaded.traceClicks(inner, api, share) } : { api };
}

async function ask(): Promise<string> {
  let api = location.origin;
  try {
    const answer = await fetch('/config.json', { cache: 'no-cache' });
    const said = answer.ok ? ((await answer.json()) as { api?: string; traces?: number; errors?: boolean }) : {};
    if (said.api) api = said.api.replace(/\/+$/, '');
    localStorage.setItem(KEY, api);
    if (said.traces) localStorage.setItem(TRACES_KEY, String(said.traces));
    else localStorage.removeItem(TRACES_KEY);
    if (said.errors) localStorage.setItem(ERRORS_KEY, 'on');
    else localStorage.removeItem(ERRORS_KEY);
  } catch {
    // Offline, or served without one.
  }
  return api;
}
