import type { ControlAddress, ControlLine } from '../launch/control.ts';

/**
 * Has a launcher carry out a command, and passes on what it tells.
 *
 * @throws with the launcher's words where it failed, and in words where the launcher is gone
 */
export async function askLauncher(
  { url, token }: ControlAddress,
  command: string,
  say: (line: string) => void,
): Promise<void> {
  const gone = new Error('The product ended in the middle of it.');
  const answer = await fetch(`${url}/${command}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  }).catch((error: unknown) => {
    throw new Error('The product does not answer: it has just ended, or is of another version.', { cause: error });
  });
  if (answer.status !== 200 || answer.body === null)
    throw new Error(`The product that runs knows no ${command}: it is of another version. Start it again.`);
  let rest = '';
  const text = answer.body.pipeThrough(new TextDecoderStream());
  try {
    for await (const chunk of text) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const told = JSON.parse(line) as ControlLine;
        if ('say' in told) say(told.say);
        else if (told.end === 'done') return;
        else throw new Error(told.why);
      }
    }
  } catch (error) {
    throw (error as Error).name === 'TypeError' ? gone : error;
  }
  throw gone;
}
