/**
 * Socket.IO's packets in the main namespace, inside Engine.IO's, as texts of a websocket:
 * https://socket.io/docs/v4/engine-io-protocol/ and https://socket.io/docs/v4/socket-io-protocol/
 */
const ENGINE = { open: '0', close: '1', ping: '2', message: '4' } as const;
const PACKET = { connect: '0', disconnect: '1', event: '2', ack: '3', error: '4' } as const;
/** The number of an acknowledgement, where there is one, before the JSON. */
const NUMBERED = /^(\d*)(.*)$/s;

export const PONG = '3';
export const DISCONNECT = ENGINE.message + PACKET.disconnect;

/** What a server says. */
export type Frame =
  | { is: 'open'; pingIntervalMs: number; pingTimeoutMs: number }
  | { is: 'ping' | 'connected' | 'closed' }
  | { is: 'event'; event: string; data: unknown }
  | { is: 'ack'; id: number; data: unknown }
  | { is: 'refused'; code: string; message: string };

export const connectFrame = (auth: object): string => ENGINE.message + PACKET.connect + JSON.stringify(auth);

/** @param id what the answer will carry */
export const eventFrame = (event: string, data: unknown, id: number): string =>
  `${ENGINE.message}${PACKET.event}${id}${JSON.stringify([event, data])}`;

/** @throws {Error} where it is no frame that a gateway sends */
export function readFrame(text: string): Frame {
  switch (text[0]) {
    case ENGINE.open:
      return readOpen(text.slice(1));
    case ENGINE.ping:
      return { is: 'ping' };
    case ENGINE.close:
      return { is: 'closed' };
    case ENGINE.message:
      return readPacket(text[1], text.slice(2));
    default:
      throw new Error(`A frame of an unknown type: ${text.slice(0, 40)}`);
  }
}

function readOpen(json: string): Frame {
  const { pingInterval = 0, pingTimeout = 0 } = JSON.parse(json) as { pingInterval?: number; pingTimeout?: number };
  return { is: 'open', pingIntervalMs: pingInterval, pingTimeoutMs: pingTimeout };
}

function readPacket(type: string | undefined, body: string): Frame {
  switch (type) {
    case PACKET.connect:
      return { is: 'connected' };
    case PACKET.disconnect:
      return { is: 'closed' };
    case PACKET.error: {
      const { message, data } = JSON.parse(body) as { message: string; data?: { code?: string } };
      return { is: 'refused', code: data?.code ?? 'unknown', message };
    }
    case PACKET.event: {
      const [event, data] = JSON.parse(NUMBERED.exec(body)![2]!) as [string, unknown];
      return { is: 'event', event, data };
    }
    case PACKET.ack: {
      const [, id, json] = NUMBERED.exec(body) as unknown as [string, string, string];
      return { is: 'ack', id: Number(id), data: (JSON.parse(json) as unknown[])[0] };
    }
    default:
      throw new Error(`A message of an unknown type: ${type ?? 'none'}`);
  }
}
