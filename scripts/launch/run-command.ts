import { launch } from './launch.ts';
import { parseOptions, USAGE, UsageError } from './options.ts';

/** Two signals this close together are one: a terminal and npm both send Ctrl-C on. */
const SAME_SIGNAL_MS = 500;

/** `npm start` and `npm run dev`: from arguments to the end of the process. */
export async function runLaunchCommand(mode: 'start' | 'dev'): Promise<void> {
  const options = readOptions();
  if (options === undefined) return;
  // Whoever read our words may be gone before us; that must not end us half-way.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const say = (line: string) => console.log(line);

  let stopped: () => Promise<void> = async () => undefined;
  let killed: () => void = () => undefined;
  let signalledAt: number | undefined;
  const onSignal = (reason: string) => {
    const isSecond = signalledAt !== undefined;
    if (isSecond && performance.now() - (signalledAt as number) < SAME_SIGNAL_MS) return;
    signalledAt = performance.now();
    if (isSecond) {
      killed();
      process.exit(130);
    }
    say(`${reason}: stopping …`);
    void stopped().then(() => {
      say('Stopped.');
      process.exit(0);
    });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => onSignal(signal));
  process.on('disconnect', () => onSignal('npm is gone'));
  process.channel?.unref();

  try {
    const starting = launch({ options, mode, say, env: process.env });
    // Ctrl-C during the start: it comes to its end first, then all is ended in order.
    stopped = () =>
      starting.then(
        (launched) => launched.stop(),
        () => undefined,
      );
    const launched = await starting;
    stopped = launched.stop;
    killed = launched.kill;
    if (signalledAt !== undefined) return;
    say(`\n  Muster is ready: ${launched.url}\n`);
    say(`Data and logs are in ${options.data}. Ctrl-C stops everything.`);
  } catch (error) {
    if (signalledAt !== undefined) return;
    console.error(error instanceof UsageError ? error.message : `\nThe start failed. ${(error as Error).message}`);
    process.exit(1);
  }
}

function readOptions() {
  try {
    const options = parseOptions(process.argv.slice(2));
    if (options !== 'help') return options;
    console.log(USAGE);
    return undefined;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
