import type { Findings } from './findings.ts';

/** One thing that was looked at. */
export interface Line {
  about: string;
  state: 'fine' | 'warn' | 'bad' | 'unknown';
  /** What was found, and what to do about it. */
  text: string;
}

export interface Diagnosis {
  /** What is the matter, in one sentence; the first thing to read. */
  title: string;
  /** What happens with one's work meanwhile, and what to do. */
  advice: string;
  state: 'fine' | 'warn' | 'bad';
  lines: Line[];
  remedy?: 'sign-in' | 'reload';
}

/** Due dates and "since" are wrong by more than anyone would overlook. */
const CLOCK_TOLERANCE_MS = 2 * 60_000;
const SPACE_TOLERANCE = 0.95;
const SLOW_MS = 2_000;

/** Names what is wrong with the connection, the deepest cause first. Pure. */
export function diagnose(findings: Findings): Diagnosis {
  const lines = [network, server, parts, webSocket, signIn, clock, space].map((look) => look(findings));
  return { ...verdict(findings, lines), lines };
}

const kept = ({ status: { pending } }: Findings): string =>
  pending === 0
    ? 'Nothing of yours is waiting.'
    : `${pending === 1 ? 'One change is' : `${pending} changes are`} kept in this browser and will be sent.`;

function verdict(findings: Findings, lines: Line[]): Omit<Diagnosis, 'lines'> {
  const { status, hasNetwork, answeredInMs, hasWebSocket, isSignedIn, refused = 0 } = findings;
  const bad = (title: string, advice: string): Omit<Diagnosis, 'lines'> => ({ title, advice, state: 'bad' });
  if (!hasNetwork) return bad('This machine is offline', `Go on working. ${kept(findings)}`);
  if (status.error?.code === 'upgrade_required')
    return { ...bad('This page is too old for the server', `Reload it. ${kept(findings)}`), remedy: 'reload' };
  if (answeredInMs === null)
    return bad('The server cannot be reached', `It is tried again every few seconds. ${kept(findings)}`);
  if (isSignedIn === false)
    return { ...bad('Your sign-in has ended', `Sign in again to go on. ${kept(findings)}`), remedy: 'sign-in' };
  if (hasWebSocket === false)
    return bad(
      'Something on the way lets no WebSocket through',
      `A proxy, a firewall or a browser extension: ask whoever runs it to allow WebSockets to this address. ${kept(findings)}`,
    );
  const broken = lines.find(({ state }) => state === 'bad');
  if (broken) return bad(broken.text, kept(findings));
  if (status.connection !== 'online' && status.connection !== 'resting')
    return { title: 'Connecting', advice: `Everything looks well; a moment. ${kept(findings)}`, state: 'warn' };
  if (status.isBehind)
    return {
      title: 'Catching up',
      advice: `Some changes of others are still on their way. ${kept(findings)}`,
      state: 'warn',
    };
  const doubtful = lines.find(({ state }) => state === 'warn');
  if (doubtful) return { title: doubtful.text, advice: kept(findings), state: 'warn' };
  if (refused > 0)
    return {
      title: refused === 1 ? 'One change was not saved' : `${refused} changes were not saved`,
      advice: 'The connection is well; the server did not take these. Your words are kept here until you dismiss them.',
      state: 'warn',
    };
  if (status.pending > 0) return { title: 'Saving', advice: `Connected. ${kept(findings)}`, state: 'fine' };
  return { title: 'Everything is in step', advice: 'Connected, and all of your changes are stored.', state: 'fine' };
}

const line = (about: string, state: Line['state'], text: string): Line => ({ about, state, text });

function network({ hasNetwork }: Findings): Line {
  return hasNetwork
    ? line('Network', 'fine', 'The browser has a network.')
    : line('Network', 'bad', 'The browser says that there is no network.');
}

function server({ hasNetwork, answeredInMs }: Findings): Line {
  if (!hasNetwork) return line('Server', 'unknown', 'Not asked without a network.');
  if (answeredInMs === null) return line('Server', 'bad', 'It does not answer.');
  const seconds = (answeredInMs / 1_000).toFixed(1);
  if (answeredInMs > SLOW_MS) return line('Server', 'warn', `It answers slowly: it took ${seconds} s.`);
  return line('Server', 'fine', `It answered in ${answeredInMs} ms.`);
}

function parts({ server: checks }: Findings): Line {
  const about = 'Its parts';
  if (!checks) return line(about, 'unknown', 'Not told.');
  if (!checks.postgres) return line(about, 'bad', 'The server cannot reach its database');
  if (!checks.migrations) return line(about, 'bad', 'The server waits for an update of its database');
  if (!checks.redis || !checks.bus)
    return line(about, 'warn', 'Live updates are slow: the servers do not hear each other (Redis). Saving works');
  if (!checks.accepting) return line(about, 'warn', 'The server is about to restart; another one takes over');
  return line(about, 'fine', 'Database and live updates work.');
}

function webSocket({ hasWebSocket }: Findings): Line {
  const about = 'Live connection';
  if (hasWebSocket === undefined) return line(about, 'unknown', 'Not tried.');
  return hasWebSocket
    ? line(about, 'fine', 'A WebSocket gets through.')
    : line(about, 'bad', 'A WebSocket does not get through.');
}

function signIn({ isSignedIn }: Findings): Line {
  const about = 'Sign-in';
  if (isSignedIn === undefined) return line(about, 'unknown', 'Not asked.');
  return isSignedIn ? line(about, 'fine', 'The server knows you.') : line(about, 'bad', 'Your sign-in has ended.');
}

function clock({ clockAheadMs }: Findings): Line {
  const about = 'Clock';
  if (clockAheadMs === undefined) return line(about, 'unknown', 'Not compared.');
  if (Math.abs(clockAheadMs) <= CLOCK_TOLERANCE_MS) return line(about, 'fine', 'In step with the server.');
  const way = clockAheadMs > 0 ? 'ahead' : 'behind';
  return line(about, 'warn', `This machine’s clock is ${lasting(Math.abs(clockAheadMs))} ${way}: set it right`);
}

function space({ space: used, storage }: Findings): Line {
  const about = 'Space';
  if (storage === 'full')
    return line(
      about,
      'bad',
      'This browser has no space left: make some, or changes are kept only while this page is open',
    );
  if (storage === 'unavailable')
    return line(
      about,
      'warn',
      'This browser keeps nothing: changes that are not sent are lost when the page is closed',
    );
  if (storage === 'newer')
    return line(about, 'warn', 'A newer version of this page keeps the changes in this browser: reload to use it');
  if (!used || used.quotaBytes === 0) return line(about, 'unknown', 'The browser does not say.');
  const text = `${sizeOf(used.usageBytes)} of ${sizeOf(used.quotaBytes)} used`;
  return used.usageBytes > used.quotaBytes * SPACE_TOLERANCE
    ? line(about, 'warn', `Space in this browser runs out: ${text}`)
    : line(about, 'fine', `${text}.`);
}

const sizeOf = (bytes: number): string =>
  bytes < 1e9 ? `${Math.max(1, Math.round(bytes / 1e6))} MB` : `${(bytes / 1e9).toFixed(bytes < 1e10 ? 1 : 0)} GB`;

/** "3 minutes", "2 hours", "4 days". */
function lasting(ms: number): string {
  const steps: [number, string][] = [
    [86_400_000, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
  ];
  const [size, name] = steps.find(([least]) => ms >= least) ?? [60_000, 'minute'];
  const count = Math.round(ms / size);
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}
