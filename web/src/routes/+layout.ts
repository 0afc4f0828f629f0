import { loadConfig } from '#lib/api/config.ts';
import type { LayoutLoad } from './$types';

// One static page for every address: the browser renders, from what it holds and from the socket.
export const ssr = false;
export const prerender = false;

export const load: LayoutLoad = async () => ({ config: await loadConfig() });
