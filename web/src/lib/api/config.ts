const KEY = 'muster:config';

/** Where the server is. Runtime configuration, so that a CDN may serve the page for any server. */
export interface Config {
  api: string;
}

/**
 * Reads `/config.json`. A known answer is used at once and looked up again behind it, so that the page opens without
 * a network; without one, or with nothing in it, the server is where the page came from.
 */
export async function loadConfig(): Promise<Config> {
  const known = localStorage.getItem(KEY);
  const asked = ask();
  return known === null ? await asked : { api: known };
}

async function ask(): Promise<Config> {
  let api = location.origin;
  try {
    const answer = await fetch('/config.json', { cache: 'no-cache' });
    const said = answer.ok ? ((await answer.json()) as Partial<Config>) : {};
    if (said.api) api = said.api.replace(/\/+$/, '');
    localStorage.setItem(KEY, api);
  } catch {
    // Offline, or served without one.
  }
  return { api };
}
