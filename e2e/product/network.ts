import type { BrowserContext, WebSocketRoute } from '@playwright/test';

/** A browser profile's way to the server, which a test cuts and mends. To be taken before its first page is opened. */
export class Network {
  readonly #context: BrowserContext;
  /** The two ends of what is open. */
  readonly #open = new Set<readonly [WebSocketRoute, WebSocketRoute]>();
  #isCut = false;

  private constructor(context: BrowserContext) {
    this.#context = context;
  }

  static async of(context: BrowserContext): Promise<Network> {
    const network = new Network(context);
    await context.routeWebSocket(/\/socket\.io\//u, (socket) => network.#opened(socket));
    return network;
  }

  /** Nothing goes through any more: what is open ends, and what is asked for fails. */
  async cut(): Promise<void> {
    this.#isCut = true;
    await this.#context.setOffline(true);
    for (const ends of this.#open) for (const end of ends) await end.close({ code: 1001 });
    this.#open.clear();
  }

  async mend(): Promise<void> {
    this.#isCut = false;
    await this.#context.setOffline(false);
  }

  #opened(socket: WebSocketRoute): void {
    if (this.#isCut) return void socket.close({ code: 1001 });
    this.#open.add([socket, socket.connectToServer()]);
  }
}
