interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Changes of the instance that were sent to the thread, each by its number and with somebody who waits for it. */
export class PendingChanges {
  readonly #waiting = new Map<number, Waiting>();
  #made = 0;
  #ended: Error | undefined;

  get areUnderWay(): boolean {
    return this.#waiting.size > 0;
  }

  /** Settles as the thread says; `send` is given the number. */
  add(send: (change: number) => void): Promise<void> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const change = (this.#made += 1);
    const settled = new Promise<void>((resolve, reject) => {
      this.#waiting.set(change, { resolve, reject });
    });
    send(change);
    return settled;
  }

  settled(change: number, error: Error | undefined): void {
    const waiting = this.#waiting.get(change);
    this.#waiting.delete(change);
    if (error === undefined) waiting?.resolve();
    else waiting?.reject(error);
  }

  /** Has what is under way done in another way: in the thread that is there by now, or without one. */
  passOn(change: (number: number) => Promise<void> | undefined): void {
    for (const number of [...this.#waiting.keys()])
      change(number)?.then(
        () => this.settled(number, undefined),
        (error: unknown) => this.settled(number, error as Error),
      );
  }

  /** None of them will arrive any more. */
  abandon(error: Error): void {
    this.#ended = error;
    for (const change of [...this.#waiting.keys()]) this.settled(change, error);
  }
}
