import { createProcessTabs } from './process-tabs.ts';
import type { Step } from './step.ts';
import type { TabsPort } from './types.ts';

/** Where a person's steps are kept, so that they survive a reload and all tabs of a browser share them. */
export interface StepStorage {
  load(userId: string): Promise<Step[]>;
  /** In one transaction. */
  save(userId: string, steps: Step[], gone: string[]): Promise<void>;
  wipe(userId: string): Promise<void>;
  close(): Promise<void>;
  readonly tabs: TabsPort;
}

/** What several of them in one process share. */
export interface StepDisk {
  readonly tabs: TabsPort;
  readonly people: Map<string, Map<string, Step>>;
}

export const createStepDisk = (): StepDisk => ({ tabs: createProcessTabs(), people: new Map() });

/** Keeps steps in memory: the twin of IndexedDB's, held to the same tests. */
export function createMemorySteps(disk: StepDisk = createStepDisk()): StepStorage {
  return {
    tabs: disk.tabs,
    async load(userId) {
      return [...(disk.people.get(userId)?.values() ?? [])].map((step) => structuredClone(step));
    },
    async save(userId, steps, gone) {
      const own = disk.people.get(userId) ?? new Map<string, Step>();
      disk.people.set(userId, own);
      for (const id of gone) own.delete(id);
      for (const step of steps) own.set(step.id, structuredClone(step));
    },
    async wipe(userId) {
      disk.people.delete(userId);
    },
    async close() {},
  };
}
