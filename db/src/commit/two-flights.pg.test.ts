import { describe } from 'vitest';
import { Rig } from '../../test/rig.ts';

/** With nothing remembered, every commit looks first: the same promises by the other way. */
Rig.deps = { isOptimistic: false };

for (const [name, load] of Object.entries({
  commit: () => import('./commit.pg.test.ts'),
  conditions: () => import('./conditions.pg.test.ts'),
  locks: () => import('./locks.pg.test.ts'),
  mids: () => import('./mids.pg.test.ts'),
  storm: () => import('./storm.pg.test.ts'),
})) {
  describe(name, async () => {
    await load();
  });
}
