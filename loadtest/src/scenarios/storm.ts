import { crowdExecutor, runCrowd, setUpCrowd, type CrowdData } from './crowd.ts';
import { rampFor, type CrowdOptions } from './crowd-plan.ts';
import { readEnvironment } from './environment.ts';
import { baseOptions, crowdThresholds } from './thresholds.ts';

const { url, vus, seconds, rate } = readEnvironment();

/** Twenty pages on each list; all but the authors' are cut off, and come back in the same instant with positions. */
const crowd: CrowdOptions = {
  clients: vus,
  lists: Math.ceil(vus / 20),
  listsEach: 1,
  authorsPerList: 1,
  rampSeconds: rampFor(vus),
  stormAfterSeconds: seconds / 3,
  changesPerSecond: rate,
  seconds,
};

export const options = {
  ...baseOptions,
  scenarios: { crowd: crowdExecutor(crowd, 'default') },
  thresholds: { ...crowdThresholds(5_000), muster_back: ['p(99)<5000'] },
};

export const setup = (): CrowdData => setUpCrowd(url, crowd);
export default (data: CrowdData): Promise<void> => runCrowd(url, crowd, data);
export { handleSummary } from './environment.ts';
