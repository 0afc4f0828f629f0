/** Days as `YYYY-MM-DD` and times as `HH:mm`: what `due` is made of. No `Date` leaves this file. */

const DAY_MS = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
    formats.set(zone, format);
  }
  return format;
}

/** What a clock on the wall of `zone` shows at an instant (milliseconds since 1970). */
export function wallClock(at: number, zone: string): { date: string; time: string } {
  const part: Record<string, string> = {};
  for (const { type, value } of formatFor(zone).formatToParts(at)) part[type] = value;
  return { date: `${part.year}-${part.month}-${part.day}`, time: `${part.hour}:${part.minute}` };
}

const utc = (date: string, time = '00:00'): number => Date.parse(`${date}T${time}:00Z`);

/** How many minutes `zone` is ahead of UTC at an instant. */
export function offsetMinutes(at: number, zone: string): number {
  const { date, time } = wallClock(at, zone);
  return Math.round((utc(date, time) - Math.floor(at / 60_000) * 60_000) / 60_000);
}

/** The instant at which `zone` shows this date and time; in the hour that spring skips, as if it had not. */
export function instantOf(date: string, time: string, zone: string): number {
  const asUtc = utc(date, time);
  const guess = asUtc - offsetMinutes(asUtc, zone) * 60_000;
  const better = asUtc - offsetMinutes(guess, zone) * 60_000;
  const shows = wallClock(better, zone);
  return shows.date === date && shows.time === time ? better : Math.max(guess, better);
}

export function addDays(date: string, days: number): string {
  return new Date(utc(date) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The same day of the month, `months` later; the month's last day where it is too short. */
export function addMonths(date: string, months: number): string {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  const first = new Date(Date.UTC(year, month - 1 + months, 1));
  const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  first.setUTCDate(Math.min(day, last));
  return first.toISOString().slice(0, 10);
}

/** Whole days from `from` to `to`; negative where `to` is earlier. */
export const daysBetween = (from: string, to: string): number => Math.round((utc(to) - utc(from)) / DAY_MS);

/** 0 is Sunday. */
export const weekdayOf = (date: string): number => new Date(utc(date)).getUTCDay();

/** The first day of the week that `date` lies in. */
export const startOfWeek = (date: string, weekStart: number): string =>
  addDays(date, -((weekdayOf(date) - weekStart + 7) % 7));

/** The six weeks that a month's page shows, from the week of its first day on. */
export function monthPage(date: string, weekStart: number): string[] {
  const first = startOfWeek(`${date.slice(0, 7)}-01`, weekStart);
  return Array.from({ length: 42 }, (_, at) => addDays(first, at));
}
