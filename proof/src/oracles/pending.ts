import { violation, type Violation } from './violation.ts';

/** Where a client stands at rest. */
export interface AtRest {
  seat: string;
  connection: string;
  pending: number;
  isBehind: boolean;
}

/** P2: at rest every client is there, and nothing of it waits. */
export function checkPending(clients: AtRest[]): Violation[] {
  return clients.flatMap(({ seat, connection, pending, isBehind }) => {
    const words = [
      ...(connection === 'online' ? [] : [`it is ${connection}`]),
      ...(pending === 0 ? [] : [`${pending} mutations wait`]),
      ...(isBehind ? ['it says that it is behind'] : []),
    ];
    return words.length === 0 ? [] : [violation('P2 pending', words.join(', '), { seat })];
  });
}
