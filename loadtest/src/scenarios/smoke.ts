import { crowdExecutor, runCrowd, setUpCrowd, type CrowdData } from './crowd.ts';
import type { CrowdOptions } from './crowd-plan.ts';
import { chatExecutor, readingsOf, runChats, setUpChats, type ChatData, type ChatOptions } from './conversations.ts';
import { readEnvironment } from './environment.ts';
import { baseOptions, chatThresholds, crowdThresholds } from './thresholds.ts';

const { url, vus, seconds, rate, viewers } = readEnvironment();

const crowd: CrowdOptions = {
  ...{ clients: vus, lists: Math.max(1, Math.ceil(vus / 4)), listsEach: 2, authorsPerList: 2 },
  ...{ changesPerSecond: rate, seconds, rampSeconds: 1, stormAfterSeconds: seconds / 2 },
};
const chats: ChatOptions = { chats: Math.ceil(vus / 2), viewers, seconds: seconds / 3, wordsPerSecond: 20 };

/** Runs on any machine, a busy one too: what is promised must hold, and ten seconds only say that nothing hangs. */
export const options = {
  ...baseOptions,
  scenarios: { crowd: crowdExecutor(crowd, 'lists'), chats: chatExecutor(chats, 'answers') },
  thresholds: { ...crowdThresholds(10_000), ...chatThresholds(readingsOf(chats), 10_000) },
};

interface Data {
  crowd: CrowdData;
  chats: ChatData;
}

export const setup = (): Data => {
  const ofChats = setUpChats(url, chats);
  return { crowd: setUpCrowd(url, crowd), chats: { ...ofChats, asksAt: Date.now() + 3_000 } };
};
export const lists = (data: Data): Promise<void> => runCrowd(url, crowd, data.crowd);
export const answers = (data: Data): Promise<void> => runChats(url, chats, data.chats);
export { handleSummary } from './environment.ts';
