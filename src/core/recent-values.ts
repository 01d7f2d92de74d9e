/** Keeps the values of the latest keys only: each may be forgotten, and is learned again then. */
export class RecentValues<T> {
  readonly #most: number;
  /** The oldest first. */
  readonly #values = new Map<string, { readonly value: T }>();

  constructor(most: number) {
    this.#most = most;
  }

  set(key: string, value: T): void {
    this.#values.delete(key);
    this.#values.set(key, { value });
    if (this.#values.size <= this.#most) return;
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      return;
    }
  }

  /** The value, which is forgotten; undefined where there is none. */
  take(key: string): { readonly value: T } | undefined {
    const found = this.#values.get(key);
    this.#values.delete(key);
    return found;
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }
}
