import type { ClientStatus } from '@muster/client/types';

/** What the doctor found out. Undefined: it could not be asked, because something before it failed. */
export interface Findings {
  status: ClientStatus;
  /** Edits that the server did not take, and that the person has not seen to. */
  refused?: number;
  /** What the browser says; false is certain, true is not. */
  hasNetwork: boolean;
  /** How long the server took to answer over HTTP; null: it did not. */
  answeredInMs: number | null;
  server?: ServerChecks | undefined;
  /** Whether a WebSocket to the server opens and speaks. */
  hasWebSocket?: boolean | undefined;
  isSignedIn?: boolean | undefined;
  /** This machine's clock less the server's. */
  clockAheadMs?: number | undefined;
  /** Whether this browser keeps what is written, where that is known. */
  storage?: ClientStatus['storage'] | undefined;
  space?: { usageBytes: number; quotaBytes: number } | undefined;
}

/** `checks` of `/readyz`. */
export type ServerChecks = Record<'postgres' | 'redis' | 'migrations' | 'bus' | 'accepting', boolean>;
