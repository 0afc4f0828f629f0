import { watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import type { KeptAlive, Living } from '../processes/keep-alive.ts';

type Restartable = Pick<KeptAlive<Living>, 'restart'>;

/** What each room runs on; Node reads the sources directly, so that a restart is all that a change needs. */
const BENEATH_BOTH = [
  'packages/protocol/src',
  'packages/domain/src',
  'packages/runtime/src',
  'db/src',
  'db/migrations',
];
/** Editors save in several steps, and a checkout changes many files. */
const SETTLE_MS = 150;

/** Starts gateways and workers again when a file that they run on changes. */
export function restartOnChange({
  root,
  gateways,
  workers,
  say,
}: {
  root: string;
  gateways: readonly Restartable[];
  workers: readonly Restartable[];
  say: (line: string) => void;
}): { close(): void } {
  const watchers: FSWatcher[] = [];
  const due = new Set<Restartable>();
  let timer: NodeJS.Timeout | undefined;

  const restart = () => {
    const targets = [...due];
    due.clear();
    for (const target of targets) void target.restart();
  };
  const watchFolders = (folders: string[], targets: readonly Restartable[], words: string) => {
    for (const folder of folders) {
      const watcher = watch(join(root, folder), { recursive: true }, (_event, file) => {
        if (file === null || !/\.(ts|sql|json)$/.test(file) || file.endsWith('.test.ts')) return;
        if (due.size === 0) say(`${join(folder, file)} has changed: starting ${words} again.`);
        for (const target of targets) due.add(target);
        clearTimeout(timer);
        timer = setTimeout(restart, SETTLE_MS);
      });
      watcher.on('error', (error) => say(`Changes in ${folder} cannot be watched: ${error.message}`));
      watchers.push(watcher);
    }
  };
  watchFolders(['gateway/src'], gateways, 'the gateways');
  watchFolders(['worker/src'], workers, 'the workers');
  watchFolders(BENEATH_BOTH, [...gateways, ...workers], 'gateways and workers');

  return {
    close: () => {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}
