interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Changes of the instance sent to the worker, each with its number and its waiting caller. */
export class PendingChanges {
  readonly #waiting = new Map<number, Waiting>();
  #made = 0;
  #ended: Error | undefined;

  get areUnderWay(): boolean {
    return this.#waiting.size > 0;
  }

  /** Settles as the worker reports; `send` receives the number. */
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

  /** Hands the pending changes to another executor: a new worker, or the main thread. */
  passOn(change: (number: number) => Promise<void> | undefined): void {
    for (const number of [...this.#waiting.keys()])
      change(number)?.then(
        () => this.settled(number, undefined),
        (error: unknown) => this.settled(number, error as Error),
      );
  }

  /** No change will reach the registry any more. */
  abandon(error: Error): void {
    this.#ended = error;
    for (const change of [...this.#waiting.keys()]) this.settled(change, error);
  }
}
