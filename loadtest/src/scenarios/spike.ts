import { crowdExecutor, runCrowd, setUpCrowd, type CrowdData } from './crowd.ts';
import { rampFor, type CrowdOptions } from './crowd-plan.ts';
import { readEnvironment } from './environment.ts';
import { baseOptions, crowdThresholds } from './thresholds.ts';

const { url, vus, seconds, rate } = readEnvironment();

/** A tenth is there all the time; the rest comes within seconds in the middle third, and leaves. */
const crowd: CrowdOptions = {
  clients: vus,
  lists: Math.ceil(vus / 50),
  listsEach: 1,
  authorsPerList: 1,
  regulars: Math.ceil(vus / 10),
  rampSeconds: rampFor(vus / 10),
  changesPerSecond: rate,
  seconds,
};

export const options = {
  ...baseOptions,
  scenarios: { crowd: crowdExecutor(crowd, 'default') },
  thresholds: crowdThresholds(2_000),
};

export const setup = (): CrowdData => setUpCrowd(url, crowd);
export default (data: CrowdData): Promise<void> => runCrowd(url, crowd, data);
export { handleSummary } from './environment.ts';
