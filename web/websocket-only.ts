import type { Plugin } from 'vite';

const OTHERS = /engine\.io-client\/build\/esm\/transports\/(polling-fetch|polling-xhr|webtransport)\.js$/;

/**
 * Leaves engine.io's other transports out of the page: ours is websocket alone (polling breaks over several gateways),
 * and nothing reads these names unless asked to by the `transports` option.
 */
export function websocketOnly(): Plugin {
  return {
    name: 'websocket-only',
    enforce: 'pre',
    apply: 'build',
    load: (id) =>
      OTHERS.test(id)
        ? 'export class Fetch {}\nexport class XHR {}\nexport class BaseXHR {}\nexport class Request {}\nexport class WT {}\n'
        : undefined,
  };
}
