import type { Role } from '@muster/protocol/principal';

/** Roles in plain words, and what each may do. */
export const ROLE_WORDS: Record<Role, { name: string; verb: string; may: string; you: string }> = {
  viewer: { name: 'Can view', verb: 'view', may: 'Sees the list live, and changes nothing.', you: 'see the list live' },
  editor: {
    name: 'Can edit',
    verb: 'edit',
    may: 'Adds, changes and completes tasks, and asks the agent.',
    you: 'add, change and complete tasks, and ask the agent',
  },
  owner: {
    name: 'Owner',
    verb: 'own',
    may: 'Also shares the list, archives and deletes it.',
    you: 'do everything, sharing included',
  },
};

export const DAY_MS = 86_400_000;

/** How long a link lasts. */
export const LASTING: { days: number | null; name: string }[] = [
  { days: 1, name: 'for a day' },
  { days: 7, name: 'for a week' },
  { days: 30, name: 'for 30 days' },
  { days: null, name: 'until you end it' },
];

const TIMES = ['not used yet', 'used once', 'used twice'];

/** "Ends on 28 March · used twice". */
export function linkDetails(link: { expiresAt: number | null; uses: number }): string {
  const ends =
    link.expiresAt === null
      ? 'Until you end it'
      : `Ends on ${new Date(link.expiresAt).toLocaleDateString('en-GB', { day: 'numeric', month: 'long' })}`;
  return `${ends} · ${TIMES[link.uses] ?? `used ${link.uses} times`}`;
}
