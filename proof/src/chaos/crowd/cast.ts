import type { ScopeId } from '@muster/protocol/id';
import { scopeOf } from '@muster/protocol/id';
import { v7 } from 'uuid';
import type { Random } from '../../sim/random.ts';

export interface Person {
  userId: string;
  email: string;
  token: string;
}

/** One client: a tab of a browser, or a program that speaks the wire itself. */
export interface SeatPlan {
  name: string;
  /** Index of the person. */
  person: number;
  /** Tabs with the same one share a store. */
  browser: string;
  isRaw: boolean;
}

export interface ListPlan {
  id: string;
  scope: ScopeId;
  /** The person who owns it, and the seat that invites and removes. */
  owner: number;
  steward: string;
  members: number[];
  threads: string[];
}

/** Who takes part, and what they share. */
export interface Cast {
  people: number;
  seats: SeatPlan[];
  lists: ListPlan[];
}

/** The first lists stay to the end, to be looked at then. Others may be deleted. */
export const KEPT_LISTS = 3;
const THREADS_A_LIST = 2;
/** Of all people, those who are in a list besides the first, which has everybody. */
const MEMBER_SHARE = 0.3;
const RAW_SHARE = 0.08;

/** @param clients how many there are in all */
export function castOf(clients: number, random: Random): Cast {
  const seats: SeatPlan[] = [];
  let people = 0;
  while (seats.length < clients) {
    const person = people++;
    // The first browser of each is one tab or some; a second one has another store and another client id.
    const browsers = random.chance(0.3) ? 2 : 1;
    for (let browser = 1; browser <= browsers; browser++) {
      const tabs = random.pick([1, 1, 2, 3])!;
      for (let tab = 1; tab <= tabs && seats.length < clients; tab++) {
        const name = `p${person + 1}-b${browser}-t${tab}`;
        seats.push({ name, person, browser: `p${person + 1}-b${browser}`, isRaw: false });
      }
    }
    if (random.chance(RAW_SHARE * 3) && seats.length < clients) {
      const name = `p${person + 1}-raw`;
      seats.push({ name, person, browser: name, isRaw: true });
    }
  }
  const everyone = Array.from({ length: people }, (_, person) => person);
  const count = Math.min(people, Math.max(KEPT_LISTS + 1, Math.round(clients / 16)));
  const lists = Array.from({ length: count }, (_, owner): ListPlan => {
    const id = v7();
    const others = everyone.filter((person) => person !== owner);
    const members = owner === 0 ? others : others.filter(() => random.chance(MEMBER_SHARE));
    return {
      ...{ id, scope: scopeOf('list', id), owner, members: members.length > 0 ? members : others.slice(0, 1) },
      steward: seats.find(({ person }) => person === owner)!.name,
      threads: Array.from({ length: THREADS_A_LIST }, () => v7()),
    };
  });
  return { people, seats, lists };
}
