import { MusterError } from '@muster/protocol/error';
import { defineHandler } from '../define-handler.ts';
import type { Session } from '../session.ts';
import { refuseWhileFull } from '../slow-readers.ts';

/** A client opens all of its lists in one frame: more reads of one socket at once are a fault, or mean harm. */
const READS_AT_ONCE = 16;
const RETRY_AFTER_MS = 250;

export const scopeOpen = defineHandler('scope:open', ({ session, services, data, answer }) =>
  reading(session, () => services.bus.gate.open(session.member.reader, data.scopes, answer)),
);

export const scopePull = defineHandler('scope:pull', ({ session, services, data, answer }) =>
  reading(session, () => services.bus.gate.pull(session.member.reader, data, answer)),
);

export const scopePage = defineHandler('scope:page', ({ session, services, data, answer }) =>
  reading(session, () => services.bus.gate.page(session.member.reader, data.scope, data.next, answer), {
    isPage: true,
  }),
);

export const scopeClose = defineHandler('scope:close', ({ session: { member }, data, answer }) => {
  member.reader.close(data.scope);
  answer({});
});

/** @throws {MusterError} `rate_limited` */
async function reading(session: Session, read: () => Promise<void>, { isPage = false } = {}): Promise<void> {
  refuseWhileFull(session, { isPage });
  if (session.reads >= READS_AT_ONCE) {
    throw new MusterError('rate_limited', 'Too many reads at once.', { retryAfterMs: RETRY_AFTER_MS });
  }
  session.reads += 1;
  try {
    await read();
  } finally {
    session.reads -= 1;
  }
}
