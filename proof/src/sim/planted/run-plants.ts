import type { PlantedBug } from './planted-bug.ts';

export const RUN_PLANTS: PlantedBug[] = [
  {
    name: 'a zombie writes beside its successor',
    warning: 'runs.md',
    what: 'an attempt is not compared: a worker that was frozen comes back and stores its items as well',
    breaks: ['run texts', 'tools once', 'P5 history', 'runs end'],
    edits: [
      {
        file: 'packages/domain/src/commands/run.ts',
        find: "if (run.value.status !== 'running' || run.value.attempt !== attempt) reject(",
        replace: 'if (attempt < 0) reject(',
      },
      {
        file: 'worker/src/run/attempt-guard.ts',
        find: "if (!guard || guard.status !== 'running' || guard.attempt !== attempt) interrupt(",
        replace: 'if (!guard) interrupt(',
      },
      {
        file: 'proof/src/sim/net/redis.ts',
        find: 'if ((this.#holders.get(runId) ?? 0) > entry.a) return false;',
        replace: '',
      },
    ],
  },
  {
    name: 'words past the fence',
    warning: 'runs.md',
    what: "a run's words of a higher epoch reach its watchers before the members were read",
    breaks: ['P4 removed', 'P4 strangers'],
    edits: [
      {
        file: 'gateway/src/bus/run-feed.ts',
        find: 'if (entry.e > group.epoch && !(await this.#ports.fence.raise(group, entry.e))) return;',
        replace: '',
      },
    ],
  },
  {
    name: 'the effect before the item',
    warning: 'runs.md',
    what: "a tool's effect is committed before its call is in the log: the next attempt asks again, under a new call id",
    breaks: ['tools once'],
    edits: [
      {
        file: 'proof/src/sim/net/worker.ts',
        find: '      await own.items(items);\n      log.add(items);',
        replace: '      log.add(items);',
      },
      {
        file: 'worker/src/agent/tool-executor.ts',
        find: 'const outcome = await commit.call({ callId: call.callId, commands, items });',
        replace: `const outcome = await commit.call({ callId: call.callId, commands, items: [] });
      await new Promise((resolve) => setTimeout(resolve, 400));
      await commit.items(items.map((item) => ({ item })));`,
      },
    ],
  },
];
