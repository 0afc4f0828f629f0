/** What came of a job. "Nothing to do" is an outcome, not an error. */
export type RunOutcome =
  /** Nothing to do: no such run, over already, another one's turn, or somebody works on it. */
  | 'absent'
  | 'ended'
  | 'busy'
  /** What the run came to. */
  | 'completed'
  | 'failed'
  | 'stopped'
  /** It waits for somebody to agree. */
  | 'awaiting_approval'
  /** Handed back for another attempt. */
  | 'requeued'
  /** Another attempt took over. */
  | 'superseded';
