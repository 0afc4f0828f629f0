/** Something asked for, that may be taken back before it is there. */
export interface Ticket {
  isVoid: boolean;
}

/** What is under way, by key. Nothing is kept of what has ended, however often it is asked for and taken back. */
export class Tickets {
  readonly #open = new Map<string, Set<Ticket>>();

  take(key: string): Ticket {
    const ticket = { isVoid: false };
    const held = this.#open.get(key);
    if (held === undefined) this.#open.set(key, new Set([ticket]));
    else held.add(ticket);
    return ticket;
  }

  /** Whoever comes through the gate with an older ticket does not get in. */
  void(key: string): void {
    for (const ticket of this.#open.get(key) ?? []) ticket.isVoid = true;
  }

  giveBack(key: string, ticket: Ticket): void {
    const held = this.#open.get(key);
    held?.delete(ticket);
    if (held?.size === 0) this.#open.delete(key);
  }

  get size(): number {
    return this.#open.size;
  }
}
