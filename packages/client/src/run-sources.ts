import type { Confirmed } from './confirmed.ts';
import type { RunsOptions } from './runs.ts';
import type { View } from './view.ts';

/** What runs want to know of the rest: whether one will be there once the queue is pushed, and whether its words are stored. */
export function runSources(confirmed: Confirmed, view: View): Pick<RunsOptions, 'isMaking' | 'hasMessage'> {
  return {
    isMaking: (runId) =>
      confirmed.holders('run', runId).length === 0 &&
      view.intents.some(
        ({ seqs, effects }) => !seqs && effects.some(({ effect }) => effect.type === 'run' && effect.id === runId),
      ),
    hasMessage: (messageId) => confirmed.holders('message', messageId).length > 0,
  };
}
