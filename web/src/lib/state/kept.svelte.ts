/** A small value that this browser keeps, such as a panel's width. Never anything that belongs to a person. */
export class Kept<T> {
  readonly #key: string;
  #value: T = $state() as T;

  constructor(name: string, usual: T) {
    this.#key = `muster:${name}`;
    this.#value = read(this.#key) ?? usual;
  }

  get value(): T {
    return this.#value;
  }
  set value(value: T) {
    this.#value = value;
    try {
      localStorage.setItem(this.#key, JSON.stringify(value));
    } catch {
      // A browser that keeps nothing still works, until it is closed.
    }
  }
}

function read<T>(key: string): T | undefined {
  try {
    const text = localStorage.getItem(key);
    return text === null ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}
