/** A stream of pseudo-random numbers (sfc32): the same seed and name give the same numbers on every machine. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #n = 1;

  constructor(seed: number, name = '') {
    let hash = 2_166_136_261 ^ seed;
    for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 16_777_619);
    this.#a = hash;
    this.#b = Math.imul(seed, 0x9e37_79b1) ^ 0x85eb_ca6b;
    this.#c = seed ^ 0xc2b2_ae35;
    for (let round = 0; round < 12; round++) this.next32();
  }

  next32(): number {
    const sum = (this.#a + this.#b + this.#n) | 0;
    this.#n = (this.#n + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }

  /** In [0, 1). */
  next(): number {
    return this.next32() / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number in [least, most]. */
  int(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  pick<T>(from: readonly T[]): T | undefined {
    return from.length === 0 ? undefined : from[Math.floor(this.next() * from.length)];
  }

  /** One of the keys, as often as its weight says. */
  weighted<K extends string>(weights: Record<K, number>): K {
    const entries = Object.entries(weights) as [K, number][];
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    return entries.at(-1)![0];
  }
}
