import { MusterError } from '@muster/protocol/error';
import { defineHandler } from '../define-handler.ts';

/** Only from a socket in the room: whoever sees that somebody is there is seen to have the right to. */
export const presenceSet = defineHandler('presence:set', ({ session, services, data: { scope, state }, answer }) => {
  const { reader } = session.member;
  if (!reader.watches(scope)) throw new MusterError('not_found', 'Open the scope first.');
  services.bus.presence.set(scope, session.socketId, session.identity.userId, state);
  answer({ who: services.bus.presence.who(scope) });
});
