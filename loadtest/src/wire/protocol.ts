/** The version of the wire that this speaks (docs/protocol.md). A test compares it with the product's. */
export const PROTOCOL = 1;

/** A connected client hears something at least every four seconds: after this much silence it connects anew. */
export const SILENT_AFTER_MS = 5_000;
