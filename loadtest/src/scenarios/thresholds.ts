type Thresholds = Record<string, string[]>;

/** What is promised under any load. */
const PROMISES: Thresholds = {
  muster_lost: ['count==0'],
  muster_doubled: ['count==0'],
  muster_out_of_order: ['count==0'],
  muster_refused: ['count==0'],
  muster_unanswered: ['count==0'],
};

/** Of people with lists. @param withinMs for 99 of 100 changes to be seen, and to be acknowledged */
export const crowdThresholds = (withinMs: number): Thresholds => ({
  ...PROMISES,
  muster_delivered: ['count>0'],
  muster_delivery: [`p(99)<${withinMs}`],
  muster_ack: [`p(99)<${withinMs}`],
});

/** Of streamed answers. @param readings how often an answer has to be read to its end */
export const chatThresholds = (readings: number, lagMs: number): Thresholds => ({
  ...PROMISES,
  muster_text_exact: ['rate==1'],
  muster_runs_read: [`count==${readings}`],
  muster_token_lag: [`p(95)<${lagMs}`],
});

export const baseOptions = {
  setupTimeout: '300s',
  teardownTimeout: '10s',
  summaryTrendStats: ['min', 'avg', 'med', 'p(95)', 'p(99)', 'max', 'count'],
  batch: 20,
  batchPerHost: 20,
};
