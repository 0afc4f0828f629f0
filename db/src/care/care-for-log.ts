import type pg from 'pg';
import type { Commit } from '../commit/types.ts';
import { compactLogs, type CompactSettings } from './compact.ts';
import { erasePerson, listOpenErasures } from './erase-person.ts';
import { findExpiredGuests } from './guests.ts';
import { purge, PURGED, type PurgeSettings } from './purge.ts';

export interface CareSettings extends CompactSettings, PurgeSettings {
  /** How long a guest without a session is waited for. */
  guestMs: number;
}

export interface CareDeps {
  pool: pg.Pool;
  commit: Commit;
  settings: CareSettings;
  /** Asked between the steps: the round's time is up, or the process stops. The next goes on where this one ended. */
  isOver: () => boolean;
  /** `what` is one of {@link CARED_FOR}. */
  onRemoved: (what: string, count: number) => void;
  onFault: (what: string, error: unknown) => void;
}

export const CARED_FOR = ['erasures', 'guests', 'changes compacted', 'history changes', ...PURGED] as const;
const GUESTS_AT_ONCE = 100;

/**
 * One round of care: erasures that were cut short, guests who will not come back, floors, and what has been kept long
 * enough. Each part is done even where another fails. Any number of rounds may run at once, and be killed at any time.
 */
export async function careForLog(deps: CareDeps): Promise<void> {
  const { pool, settings, onRemoved, onFault, isOver } = deps;
  const part = async (what: string, work: () => Promise<void>): Promise<void> => {
    if (isOver()) return;
    await work().catch((error: unknown) => onFault(what, error));
  };
  const erase = async (what: string, ids: string[]): Promise<void> => {
    for (const id of ids) {
      await part(what, async () => {
        await erasePerson(deps, id);
        onRemoved(what, 1);
      });
    }
  };
  await part('erasures', async () => erase('erasures', await listOpenErasures(pool)));
  await part('guests', async () => erase('guests', await findExpiredGuests(pool, settings.guestMs, GUESTS_AT_ONCE)));
  await purge(pool, settings, { isOver, onRemoved, onFault });
  await part('changes compacted', async () => {
    const { compacted, historyRemoved } = await compactLogs(pool, settings, isOver);
    if (compacted > 0) onRemoved('changes compacted', compacted);
    if (historyRemoved > 0) onRemoved('history changes', historyRemoved);
  });
}
