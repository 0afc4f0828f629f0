import { crowdExecutor, runCrowd, setUpCrowd, type CrowdData } from './crowd.ts';
import { rampFor, type CrowdOptions } from './crowd-plan.ts';
import { readEnvironment } from './environment.ts';
import { baseOptions, crowdThresholds } from './thresholds.ts';

const { url, vus, seconds, rate } = readEnvironment();

/** One list that everyone has open, and five who write in it. */
const crowd: CrowdOptions = {
  clients: vus,
  lists: 1,
  listsEach: 1,
  authorsPerList: 5,
  rampSeconds: rampFor(vus),
  changesPerSecond: rate,
  seconds,
};

export const options = {
  ...baseOptions,
  scenarios: { crowd: crowdExecutor(crowd, 'default') },
  thresholds: crowdThresholds(1_000),
};

export const setup = (): CrowdData => setUpCrowd(url, crowd);
export default (data: CrowdData): Promise<void> => runCrowd(url, crowd, data);
export { handleSummary } from './environment.ts';
