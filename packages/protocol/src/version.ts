/** The protocol's version, sent in the handshake. Raise it when a shape of the wire changes (wire.test.ts tells). */
export const PROTOCOL_VERSION = 1;
/** The oldest version that a gateway still serves. */
export const OLDEST_PROTOCOL_VERSION = 1;
