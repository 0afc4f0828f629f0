/** A word about what can be undone, or what needs a hand. A quiet success shows itself in the list instead. */
export interface Toast {
  id: number;
  text: string;
  tone: 'plain' | 'danger';
  action?: { label: string; run: () => void };
}

const STAYS_MS = 6_000;
const STAYS_WITH_ACTION_MS = 10_000;

export class Toasts {
  #last = 0;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();
  shown: Toast[] = $state.raw([]);

  /** At most three stand at once; the oldest makes room. */
  show(text: string, options: { tone?: Toast['tone']; action?: Toast['action'] } = {}): number {
    const toast: Toast = {
      id: ++this.#last,
      text,
      tone: options.tone ?? 'plain',
      ...(options.action ? { action: options.action } : {}),
    };
    for (const old of this.shown.slice(0, -2)) this.dismiss(old.id);
    this.shown = [...this.shown, toast];
    this.resume(toast.id);
    return toast.id;
  }

  danger(text: string, action?: Toast['action']): number {
    return this.show(text, { tone: 'danger', ...(action ? { action } : {}) });
  }

  dismiss(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.shown = this.shown.filter((toast) => toast.id !== id);
  }

  /** While a pointer or the focus is on it, it stays. */
  hold(id: number): void {
    clearTimeout(this.#timers.get(id));
  }

  resume(id: number): void {
    const toast = this.shown.find((shown) => shown.id === id);
    if (!toast) return;
    clearTimeout(this.#timers.get(id));
    this.#timers.set(
      id,
      setTimeout(() => this.dismiss(id), toast.action ? STAYS_WITH_ACTION_MS : STAYS_MS),
    );
  }
}
