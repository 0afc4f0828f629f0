import type { Condition } from '@muster/protocol/condition';
import { scopeOf } from '@muster/protocol/id';
import type { StepStorage } from './step-storage.ts';
import type { Inverse } from './step.ts';

/** A guest's steps become those of the person that they are now. What names the guest in them names the person. */
export async function inheritSteps(storage: StepStorage, guestId: string, userId: string): Promise<void> {
  const steps = await storage.load(guestId);
  if (steps.length === 0) return;
  const own = (condition: Condition): Condition => ({
    ...condition,
    ...(condition.scope === scopeOf('user', guestId) ? { scope: scopeOf('user', userId) } : {}),
    ...(condition.type !== 'task' && condition.id === guestId ? { id: userId } : {}),
  });
  const inherited = (inverse: Inverse): Inverse => {
    const args = inverse.args as { userId?: string };
    return {
      ...inverse,
      ...(args.userId === guestId ? { args: { ...args, userId } } : {}),
      ifStill: inverse.ifStill.map(own),
    };
  };
  const passed = steps.map((step) => ({
    ...step,
    parts: step.parts.map((part) => ({ ...part, inverse: part.inverse.map(inherited) })),
  }));
  await storage.save(userId, passed, []);
  await storage.wipe(guestId);
}
