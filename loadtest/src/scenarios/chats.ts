import { chatExecutor, readingsOf, runChats, setUpChats, type ChatData, type ChatOptions } from './conversations.ts';
import { readEnvironment } from './environment.ts';
import { baseOptions, chatThresholds } from './thresholds.ts';

const { url, vus, seconds, rate, viewers } = readEnvironment();

/** All ask in the same instant; each answer is as long as the run, so that all stream at once. */
const chats: ChatOptions = { chats: vus, viewers, seconds, wordsPerSecond: rate };

export const options = {
  ...baseOptions,
  scenarios: { chats: chatExecutor(chats, 'default') },
  thresholds: chatThresholds(readingsOf(chats), 2_500),
};

export const setup = (): ChatData => setUpChats(url, chats);
export default (data: ChatData): Promise<void> => runChats(url, chats, data);
export { handleSummary } from './environment.ts';
