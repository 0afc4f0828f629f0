import { crowdExecutor, runCrowd, setUpCrowd, type CrowdData } from './crowd.ts';
import { rampFor, type CrowdOptions } from './crowd-plan.ts';
import { readEnvironment } from './environment.ts';
import { baseOptions, crowdThresholds } from './thresholds.ts';

const { url, vus, seconds, rate } = readEnvironment();

/** The same people as in teams, for as long as one likes. */
const crowd: CrowdOptions = {
  clients: vus,
  lists: Math.ceil(vus / 3),
  listsEach: 4,
  authorsPerList: 2,
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
