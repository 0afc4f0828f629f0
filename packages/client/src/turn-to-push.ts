import type { Attendance } from './attendance.ts';
import type { Unanswered } from './unanswered.ts';
import type { Clock, TabSeat, Turn } from './types.ts';

/** The one that pushes answers at once; three unanswered questions take less than the 3 s in which it is replaced. */
const ASK_EVERY_MS = 600;
const QUESTIONS = 3;
/** Of what waits, so many are asked for at once: those behind them come next. */
const NAMED = 64;
/** One that answers and still gets nothing done for so long is given help: above the time that a request may take. */
const STALLED_MS = 20_000;

/** What tabs say about pushing. Questions and answers, since a hidden tab's timers run late, but what it hears does not. */
export type TurnNews =
  /** With what the one that asks still waits for; a page of an older version does not say. */
  { news: 'who-pushes'; nonces?: string[] } | { news: 'here'; isPushing: boolean };

export interface TurnToPushOptions {
  clock: Clock;
  seat(): TabSeat | undefined;
  isOnline(): boolean;
  /** A page that rests would wake to push what nobody pushes. */
  attendance(): Pick<Attendance, 'isResting' | 'wake'>;
  unanswered: Pick<Unanswered, 'oldest' | 'all' | 'asked'>;
  set(isOn: boolean): void;
}

/**
 * Whether this tab pushes the queue. One of those that are online does, by lock. While something waits the others ask
 * whether it is still there: where it is frozen, one of them takes the lock from it. Two that push do no harm: mids and
 * nonces make the second one's a duplicate.
 */
export class TurnToPush {
  readonly #options: TurnToPushOptions;
  #isCandidate = false;
  #isLeader = false;
  #unanswered = 0;
  #oldest: { nonce: string; since: number } | undefined;
  /** Nobody pushed when it last looked: what is online next takes the lock without asking again. */
  #isImpatient = false;
  #cancel: (() => void) | undefined;

  constructor(options: TurnToPushOptions) {
    this.#options = options;
  }

  /** After anything that may change who should push: the connection, or the queue. */
  look(): void {
    const { isOnline, seat } = this.#options;
    const isOn = isOnline();
    const own = seat();
    if (own && isOn !== this.#isCandidate) {
      this.#isCandidate = isOn;
      if (isOn) this.#lead(own);
      else {
        this.#isLeader = false;
        own.rest();
      }
    }
    this.#options.set(isOn && this.#isLeader);
    this.#watch();
  }

  hear(news: TurnNews): void {
    const { isOnline, seat } = this.#options;
    const { isResting } = this.#options.attendance();
    if (news.news === 'who-pushes') {
      const isPushing = this.#isLeader && isOnline();
      if (!isResting) seat()?.post({ news: 'here', isPushing } satisfies TurnNews);
      if (isPushing && Array.isArray(news.nonces)) this.#options.unanswered.asked(news.nonces);
      // Whoever is awake will push in the end; one that rests may go on resting.
    } else if (news.isPushing || isResting) this.#unanswered = 0;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#isLeader = false;
    this.#isCandidate = false;
    this.#options.set(false);
  }

  #lead(own: TabSeat): void {
    const turn: Turn = {
      started: () => {
        this.#isLeader = true;
        this.look();
      },
      lost: () => {
        this.#isLeader = false;
        // This tab stood still. It goes to the end of the line.
        if (this.#isCandidate) own.lead(turn);
        this.look();
      },
    };
    if (!this.#isImpatient) return own.lead(turn);
    this.#isImpatient = false;
    // Also where the browser would not give the lock: it is in nobody's way.
    this.#isLeader = true;
    own.steal(turn);
  }

  #watch(): void {
    const { clock, attendance, unanswered } = this.#options;
    const nonce = unanswered.oldest;
    const isNeeded = nonce !== undefined && !this.#isLeader && (this.#isCandidate || attendance().isResting);
    if (!isNeeded) {
      this.#cancel?.();
      this.#cancel = undefined;
      this.#unanswered = 0;
      this.#oldest = undefined;
      return;
    }
    const { nonce: known, since = Infinity } = this.#oldest ?? {};
    // Also where the clock was set back: it would say for as long that nothing has stalled.
    if (known !== nonce || since > clock.now()) this.#oldest = { nonce, since: clock.now() };
    this.#cancel ??= clock.setTimeout(() => this.#ask(), ASK_EVERY_MS);
  }

  #ask(): void {
    const { clock, seat, unanswered } = this.#options;
    this.#cancel = undefined;
    const since = this.#oldest?.since ?? Infinity;
    const hasStalled = this.#isCandidate && clock.now() - since >= STALLED_MS;
    if (this.#unanswered >= QUESTIONS || hasStalled) return this.#takeOver();
    this.#unanswered += 1;
    seat()?.post({ news: 'who-pushes', nonces: unanswered.all.slice(0, NAMED) } satisfies TurnNews);
    this.look();
  }

  #takeOver(): void {
    const { seat, attendance } = this.#options;
    const own = seat();
    this.#unanswered = 0;
    this.#oldest = undefined;
    this.#isImpatient = true;
    if (own && this.#isCandidate) this.#lead(own);
    else attendance().wake('nobody pushes');
    this.look();
  }
}
